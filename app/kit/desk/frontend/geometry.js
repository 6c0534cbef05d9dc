// Where on a lane what is drawn: rows that are no moment stand in a strip of their own above those that are.

const SPECIAL_PX = 12; // height of such a row
const GAP_PX = 6; // between them and the rows of time

/** Top and height, in pixels, of the strip of special rows and of the rest. */
export function areasOf(lane, height) {
  const rows = lane.specialNames?.length ?? 0;
  if (!rows) return { special: { top: 0, height: 0, rows: 0 }, main: { top: 0, height } };
  const strip = Math.min(rows * SPECIAL_PX, Math.floor(height / 2));
  return { special: { top: 0, height: strip, rows }, main: { top: strip + GAP_PX, height: Math.max(1, height - strip - GAP_PX) } };
}

/** What lies at a height: a special row, or a share of the height of the rest from its top; the gap belongs to neither. */
export function whereAt(lane, y, height) {
  const { special, main } = areasOf(lane, height);
  if (special.rows && y < special.height) {
    return { special: Math.min(special.rows - 1, Math.max(0, Math.floor((y / special.height) * special.rows))), yShare: null };
  }
  if (special.rows && y < main.top) return { special: null, yShare: null };
  return { special: null, yShare: Math.min(1, Math.max(0, (y - main.top) / main.height)) };
}

/** The seconds that the rows of a piece stand for, from the bottom to the top: its own, unless it shows a part of a window. */
export function secondsOfRows(piece) {
  return piece.rowsS ?? [piece.startS, piece.endS];
}
