// The kinds of lane: how each is drawn, and what is said of the point under the pointer.

import { areasOf, secondsOfRows } from "./geometry.js";
import { cellAt, drawImage } from "./image.js";
import { drawCurves, drawNotes, drawWave, nearest } from "./lines.js";
import { drawMarks, markAt, markWords } from "./marks.js";
import { clock, numberWords } from "./view.js";

const FAR = " (approximate: a small picture; exact near the playhead)";
const DRAW = { wave: drawWave, image: drawPicture, curves: drawCurves, notes: drawNotes, marks: drawMarks };

/** What a lane shows at the chosen layer and head; null where it has nothing there. */
export function setOf(lane, layer, head) {
  const key = { head: `${layer}.${head}`, layer: `${layer}`, "": "" }[lane.by];
  return lane.sets[key] ?? null;
}

/** Draw a lane at the chosen layer and head; whether it has something there. */
export function drawLane(context, lane, state, width, height, theme) {
  const set = setOf(lane, state.layer, state.head);
  if (set) DRAW[lane.kind](context, lane, set, state.view, width, height, state.numbers, theme);
  return set !== null;
}

/** Rows of time, and above them, apart, those that are no moment. */
function drawPicture(context, lane, set, view, width, height, numbers) {
  const { special, main } = areasOf(lane, height);
  drawImage(context, lane, set.levels, view, width, main, numbers);
  if (set.special) drawImage(context, lane, set.special, view, width, special, numbers);
}

/** The moments that a point of a lane stands for: where its query is and where its key is, in seconds; null elsewhere. */
export function momentsAt(lane, set, seconds, yShare) {
  if (!set || lane.yTime === "" || yShare === null) return null;
  if (lane.yTime === "clip") {
    return within(lane, seconds) ? { queryS: (1 - yShare) * lane.durationS, keyS: seconds } : null;
  }
  const piece = set.levels[0].pieces.find((one) => seconds >= one.startS && seconds < one.endS);
  if (!piece) return null;
  const [from, until] = secondsOfRows(piece);
  return { queryS: from + (1 - yShare) * (until - from), keyS: seconds };
}

/** The moments that are heard where a point of a lane is clicked; null where the desk does not play the recording of the lane. */
export function momentsHeard(lane, set, seconds, yShare, holdsSecond = false) {
  return lane.heard === false && !holdsSecond ? null : momentsAt(lane, set, seconds, yShare);
}

/** Whether a moment is one of the recording that a lane is of. */
function within(lane, seconds) {
  return seconds >= 0 && seconds <= lane.durationS;
}

/** The share of the height, from the top of the rows of time, at which a cell with these moments is; null where it is in none. */
export function yShareOf(lane, set, cell) {
  if (lane.yTime === "clip") return 1 - cell.queryS / lane.durationS;
  const piece = set?.levels?.[0].pieces.find((one) => cell.keyS >= one.startS && cell.keyS < one.endS);
  if (!piece) return null;
  const [from, until] = secondsOfRows(piece);
  return 1 - (cell.queryS - from) / (until - from);
}

/** The cell of a picture under a point; null where there is none. */
export function cellUnder(lane, state, { seconds, yShare, special = null }) {
  const set = setOf(lane, state.layer, state.head);
  if (lane.kind !== "image" || !set || (yShare === null && (special === null || !set.special))) return null;
  return cellAt(set, seconds, yShare, state.numbers, lane, special);
}

/** The point under the pointer in words; `exact` is the number of its cell where it is known to more than a level. */
export function wordsAt(lane, state, seconds, yShare, special = null, width = 1000, exact = null) {
  const set = setOf(lane, state.layer, state.head);
  const when = `${clock(seconds, 0.01)} s`;
  if (!set) return when;
  if (lane.kind === "image") return imageWords(lane, set, state, { seconds, yShare, special }, exact);
  if (lane.kind === "marks") {
    const mark = markAt(set.marks, seconds, state.view, width);
    return mark ? `${stretch(mark)}: ${markWords(mark)}` : when;
  }
  if (lane.kind === "curves") {
    const known = within(lane, seconds) ? set.series.filter((series) => state.numbers(series.times).length) : [];
    if (!known.length) return when;
    const told = known.map((series) => {
      const i = nearest(state.numbers(series.times), seconds);
      return `${series.name} ${numberWords(state.numbers(series.values)[i])}`;
    });
    return `${when}: ${told.join(", ")} ${lane.unit}`.trim();
  }
  return when;
}

/** The cell of a picture in words: its moments or its row, its number, its unit. */
function imageWords(lane, set, state, point, exact) {
  const { seconds, yShare, special } = point;
  const when = `${clock(seconds, 0.01)} s`;
  const cell = cellUnder(lane, state, point);
  if (!cell) return when;
  const moments = momentsAt(lane, set, seconds, yShare);
  let where = `${when}${atHeight(lane, yShare)}`;
  if (special !== null) where = `query ${lane.specialNames[special]}, key ${when}`;
  else if (moments) where = `query ${clock(moments.queryS, 0.01)} s, key ${clock(moments.keyS, 0.01)} s`;
  const value = exact === null ? `≈ ${numberWords(cell.value)}` : numberWords(exact);
  const far = cell.piece.exact === null ? FAR : "";
  return `${`${where}: ${value} ${lane.unit}`.trim()}${far}`;
}

/** The name of the row at a height, where rows have names. */
function atHeight(lane, yShare) {
  if (!lane.rowNames?.length) return "";
  return `, ${lane.rowNames[Math.min(lane.rowNames.length - 1, Math.max(0, Math.floor(yShare * lane.rowNames.length)))]}`;
}

/** When a mark is: a moment, or from when to when. */
function stretch(mark) {
  const from = clock(mark.startS, 0.01);
  return mark.endS === null ? `${from} s` : `${from}–${clock(mark.endS, 0.01)} s`;
}
