// The numbers in view as a table: a canvas says nothing to those who cannot see it.

import { secondsOfRows } from "./geometry.js";
import { cellAt, rowsIn } from "./image.js";
import { setOf } from "./lanes.js";
import { firstAtOrAfter, waveLevelFor } from "./lines.js";
import { element } from "./dom.js";
import { valueOf } from "./colours.js";
import { numberWords, withMinus } from "./view.js";

const MOST_ROWS = 40;
const ROUNDED = "to 1/255 of the range of colours";
const MOST_COLUMNS = 12; // of names beside each other

const TABLES = { wave: waveTable, image: imageTable, curves: curveTable, notes: noteTable, marks: markTable };

/** What is in view of a lane: {caption, columns, rows}; null where it has nothing for the chosen layer and head. */
export function tableOf(lane, state) {
  const set = setOf(lane, state.layer, state.head);
  return set && TABLES[lane.kind](lane, set, state);
}

/** A table as an element of the page. */
export function tableElement({ caption, columns, rows }) {
  const table = element("table", "numbers");
  table.append(element("caption", "", caption));
  const head = element("tr", "");
  for (const name of columns) {
    const cell = element("th", "", name);
    cell.scope = "col";
    head.append(cell);
  }
  table.append(head);
  for (const row of rows) {
    const line = element("tr", "");
    for (const text of row) line.append(element("td", "", text));
    table.append(line);
  }
  return table;
}

/** At most 40 moments, evenly over the view: the middle of each stretch. */
export function momentsOf(view) {
  return Array.from({ length: MOST_ROWS }, (_, i) => view.startS + ((i + 0.5) / MOST_ROWS) * view.spanS);
}

const asSeconds = (at) => at.toFixed(3);
const asNumber = (value) => numberWords(value);
const withUnit = (name, unit) => (unit ? `${name} (${unit})` : name);

/** Lowest and highest sample of every fortieth of the view. */
function waveTable(lane, set, { view, numbers }) {
  const level = waveLevelFor(set.levels, view, MOST_ROWS);
  const [low, high] = [numbers(level.low), numbers(level.high)];
  const stepS = view.spanS / MOST_ROWS;
  const rows = momentsOf(view).flatMap((middleS) => {
    const [first, last] = [middleS - stepS / 2, middleS + stepS / 2].map((at) => Math.round(at / level.stepS));
    const places = Array.from({ length: Math.max(1, last - first) }, (_, i) => first + i).filter((i) => i >= 0 && i < low.length);
    if (!places.length) return [];
    const ends = [Math.min(...places.map((i) => low[i])), Math.max(...places.map((i) => high[i]))];
    return [[asSeconds(middleS - stepS / 2), asSeconds(middleS + stepS / 2), ...ends.map((end) => withMinus((end / 127).toFixed(2)))]];
  });
  const columns = ["from (s)", "to (s)", "lowest (of the loudest sample)", "highest (of the loudest sample)"];
  return { caption: `${lane.title}: lowest and highest sample of every stretch in view`, columns, rows };
}

/** Where rows are no time: all of them side by side, or the largest where they are many. */
function imageTable(lane, set, state) {
  if (lane.yTime !== "") return cellTable(lane, set, state);
  const { rows: height } = set.levels[0];
  const names = lane.rowNames?.length === height ? lane.rowNames : Array.from({ length: height }, (_, i) => `row ${i + 1}`);
  const cellsAt = (at) =>
    names.map((_, row) => cellAt(set, at, (row + 0.5) / height, state.numbers, lane)).filter((cell) => cell !== null);
  const found = momentsOf(state.view).map((at) => [at, cellsAt(at)]).filter(([, cells]) => cells.length);
  if (height <= MOST_COLUMNS) {
    const rows = found.map(([at, cells]) => [asSeconds(at), ...cells.map((cell) => asNumber(cell.value))]);
    const unit = lane.unit ? `, in ${lane.unit}` : "";
    return { caption: `${lane.title}${unit}, evenly over the view, ${ROUNDED}`, columns: ["time (s)", ...names], rows };
  }
  const rows = found.map(([at, cells]) => {
    const largest = cells.reduce((a, b) => (b.value > a.value ? b : a));
    return [asSeconds(at), names[largest.row], asNumber(largest.value)];
  });
  return {
    caption: `${lane.title}: the largest of ${height} rows, evenly over the view, ${ROUNDED}`,
    columns: ["time (s)", "row", withUnit("value", lane.unit)], rows,
  }; // prettier-ignore
}

/** Where both axes are time: the largest cells in view, special rows among them. */
function cellTable(lane, set, { view, numbers }) {
  const cells = [];
  let count = 0;
  const collect = (level, nameOf) => {
    for (const piece of level.pieces) {
      if (piece.endS <= view.startS || piece.startS >= view.endS) continue;
      const levels = numbers(piece.data);
      const perColumn = (piece.endS - piece.startS) / piece.columns;
      for (let i = 0; i < levels.length; i += 1) {
        const keyS = piece.startS + ((i % piece.columns) + 0.5) * perColumn;
        if (keyS < view.startS || keyS > view.endS) continue;
        count += 1;
        const last = cells[cells.length - 1];
        if (cells.length === MOST_ROWS && levels[i] <= last.level) continue;
        insert(cells, { level: levels[i], keyS, query: nameOf(piece, Math.floor(i / piece.columns)) });
      }
    }
  };
  const [level] = set.levels;
  collect(level, (piece, row) => {
    const [startS, endS] = lane.yTime === "clip" ? [0, lane.durationS] : secondsOfRows(piece);
    return asSeconds(endS - ((row + 0.5) / rowsIn(piece, level)) * (endS - startS));
  });
  if (set.special) collect(set.special[0], (_, row) => lane.specialNames[row]);
  const high = set.high ?? lane.high;
  const rows = cells.map((cell) => [cell.query, asSeconds(cell.keyS), asNumber(valueOf(cell.level, lane.low, high))]);
  const caption = `${lane.title}: the ${cells.length} largest of ${count.toLocaleString("en")} cells in view, ${ROUNDED}`;
  return { caption, columns: ["query (s)", "key (s)", withUnit("value", lane.unit)], rows };
}

/** Keep the largest, in falling order. */
function insert(cells, cell) {
  let at = cells.length;
  while (at > 0 && cells[at - 1].level < cell.level) at -= 1;
  cells.splice(at, 0, cell);
  if (cells.length > MOST_ROWS) cells.pop();
}

/** Every curve at forty moments. */
function curveTable(lane, set, { view, numbers }) {
  const all = set.series.map((series) => [numbers(series.times), numbers(series.values)]);
  const rows = momentsOf(view).map((at) => [
    asSeconds(at),
    ...all.map(([times, values]) => (times.length ? asNumber(values[Math.min(times.length - 1, firstAtOrAfter(times, at))]) : "")),
  ]);
  const columns = ["time (s)", ...set.series.map((series) => withUnit(series.name, lane.unit))];
  return { caption: `${lane.title}, evenly over the view`, columns, rows };
}

/** The first notes in view. */
function noteTable(lane, set, { view, numbers }) {
  const [onsets, offsets, pitches] = [numbers(set.onsets), numbers(set.offsets), numbers(set.pitches)];
  const places = [...onsets.keys()].filter((i) => offsets[i] >= view.startS && onsets[i] <= view.endS);
  const rows = places.slice(0, MOST_ROWS).map((i) => [asSeconds(onsets[i]), asSeconds(offsets[i]), String(pitches[i])]);
  const caption = `${lane.title}: the first ${rows.length} of ${places.length} in view`;
  return { caption, columns: ["onset (s)", "offset (s)", withUnit("pitch", lane.unit)], rows };
}

/** The first marks in view. */
function markTable(lane, set, { view }) {
  const seen = set.marks.filter((mark) => (mark.endS ?? mark.startS) >= view.startS && mark.startS <= view.endS);
  const end = (mark) => (mark.endS === null ? "" : asSeconds(mark.endS));
  const rows = seen.slice(0, MOST_ROWS).map((mark) => [asSeconds(mark.startS), end(mark), mark.kind ?? "", mark.text]);
  const caption = `${lane.title}: the first ${rows.length} of ${seen.length} in view`;
  return { caption, columns: ["from (s)", "to (s)", "kind", "text"], rows };
}
