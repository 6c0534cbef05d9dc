// The kinds of lane: how each is drawn, and what is said of the point under the pointer.

import { cellAt, drawImage } from "./image.js";
import { drawCurves, drawMarks, drawNotes, drawWave, firstAtOrAfter } from "./lines.js";
import { clock } from "./view.js";

const DRAW = { wave: drawWave, image: drawImage, curves: drawCurves, notes: drawNotes, marks: drawMarks };

/** What a lane shows at the chosen layer and head; null where it has nothing there. */
export function setOf(lane, layer, head) {
  const key = { head: `${layer}.${head}`, layer: `${layer}`, "": "" }[lane.by];
  return lane.sets[key] ?? null;
}

export function drawLane(context, lane, state, width, height, theme) {
  const set = setOf(lane, state.layer, state.head);
  if (set) DRAW[lane.kind](context, lane, set, state.view, width, height, state.numbers, theme);
  return set !== null;
}

/** The moments that a point of a lane stands for: where its query is and where its key is, in seconds; null elsewhere. */
export function momentsAt(lane, set, seconds, yShare) {
  if (!set || lane.yTime === "") return null;
  if (lane.yTime === "clip") return { queryS: (1 - yShare) * lane.durationS, keyS: seconds };
  const piece = set.levels[0].pieces.find((one) => seconds >= one.startS && seconds < one.endS);
  return piece ? { queryS: piece.startS + (1 - yShare) * (piece.endS - piece.startS), keyS: seconds } : null;
}

/** The point under the pointer in words. */
export function wordsAt(lane, state, seconds, yShare) {
  const set = setOf(lane, state.layer, state.head);
  const when = `${clock(seconds, 0.01)} s`;
  if (!set) return when;
  if (lane.kind === "image") {
    const cell = cellAt(set, seconds, yShare, state.numbers, lane);
    if (!cell) return when;
    const moments = momentsAt(lane, set, seconds, yShare);
    const where = moments ? `query ${clock(moments.queryS, 0.01)} s, key ${clock(moments.keyS, 0.01)} s` : `${when}${atHeight(lane, yShare)}`;
    return `${where}: ${cell.value.toPrecision(3)} ${lane.unit}`.trim();
  }
  if (lane.kind === "curves") {
    const told = set.series.map((series) => {
      const times = state.numbers(series.times);
      const i = Math.min(times.length - 1, Math.max(0, firstAtOrAfter(times, seconds)));
      return `${series.name} ${state.numbers(series.values)[i].toPrecision(3)}`;
    });
    return `${when}: ${told.join(", ")} ${lane.unit}`.trim();
  }
  return when;
}

function atHeight(lane, yShare) {
  if (!lane.rowNames?.length) return "";
  return `, ${lane.rowNames[Math.min(lane.rowNames.length - 1, Math.max(0, Math.floor(yShare * lane.rowNames.length)))]}`;
}
