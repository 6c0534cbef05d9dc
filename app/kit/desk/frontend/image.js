// Pictures over time: spectrogram, attention, self-similarity. Pieces of 8-bit levels, each over its own stretch of the clip.

import { table, valueOf } from "./colours.js";

const kept = new WeakMap(); // piece → its picture at its own size

/** The coarsest level at which a piece, by its number, still has a column for every pixel; else the finest. */
export function levelFor(levels, view, width, number = 0) {
  const columnsPerPixel = (level) => {
    const piece = level.pieces[number];
    return piece.columns / (piece.endS - piece.startS) / (width / view.spanS);
  };
  const enough = levels.filter((level) => columnsPerPixel(level) >= 1);
  return enough.length ? enough.reduce((a, b) => (columnsPerPixel(a) < columnsPerPixel(b) ? a : b)) : levels[0];
}

/** The cell under a point: its piece, column, row and number; null beside all pieces. `row` decides where `yShare` is null. */
export function cellAt(set, seconds, yShare, numbers, lane, specialRow = null) {
  const [level] = specialRow === null ? set.levels : set.special;
  const piece = level.pieces.find((one) => seconds >= one.startS && seconds < one.endS);
  if (!piece) return null;
  const column = Math.min(piece.columns - 1, Math.floor(((seconds - piece.startS) / (piece.endS - piece.startS)) * piece.columns));
  const rows = rowsIn(piece, level);
  const row = specialRow ?? Math.min(rows - 1, Math.max(0, Math.floor(yShare * rows)));
  const step = numbers(piece.data)[row * piece.columns + column];
  return { piece, column, row, value: valueOf(step, lane.low, set.high ?? lane.high), rows };
}

/** Rows of a piece: its own, where they are not those of its level. */
export function rowsIn(piece, level) {
  return piece.rows ?? level.rows;
}

/** Draw the levels of a picture into an area of that top and height. */
export function drawImage(context, lane, levels, view, width, area, numbers) {
  context.imageSmoothingEnabled = false;
  for (const [number, { startS, endS }] of levels[0].pieces.entries()) {
    if (endS < view.startS || startS > view.endS) continue;
    const level = levelFor(levels, view, width, number);
    const piece = level.pieces[number];
    // only the columns in view: browsers draw a part of a picture faster than all of it far outside of the canvas
    const perColumn = (piece.endS - piece.startS) / piece.columns;
    const first = Math.max(0, Math.floor((view.startS - piece.startS) / perColumn));
    const last = Math.min(piece.columns, Math.ceil((view.endS - piece.startS) / perColumn));
    if (last <= first) continue;
    const left = view.toX(piece.startS + first * perColumn, width);
    const right = view.toX(piece.startS + last * perColumn, width);
    const rows = rowsIn(piece, level);
    const picture = coloured(piece, rows, lane.colours, numbers);
    context.drawImage(picture, first, 0, last - first, rows, left, area.top, right - left, area.height);
  }
}

/** A piece as a canvas of one pixel per cell; it is coloured once. */
function coloured(piece, rows, colours, numbers) {
  let canvas = kept.get(piece);
  if (!canvas) {
    canvas = paint(numbers(piece.data), rows, piece.columns, colours);
    kept.set(piece, canvas);
  }
  return canvas;
}

/** Levels, row by row from the top, as a canvas of one pixel each. */
export function paint(levels, rows, columns, colours) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [columns, rows];
  const pixels = new ImageData(columns, rows);
  const words = new Uint32Array(pixels.data.buffer);
  const scale = table(colours);
  for (let i = 0; i < words.length; i += 1) words[i] = scale[levels[i]];
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}
