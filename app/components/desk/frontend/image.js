// Pictures over time: spectrogram, attention, self-similarity. Pieces of 8-bit levels, each over its own stretch of the clip.

import { table, valueOf } from "./colours.js";

const kept = new WeakMap(); // piece → its picture at its own size

/** The coarsest level that still has a column for every pixel in view, else the finest. */
export function levelFor(levels, view, width) {
  const columnsPerPixel = (level) => {
    const [first] = level.pieces;
    return first.columns / (first.endS - first.startS) / (width / view.spanS);
  };
  const enough = levels.filter((level) => columnsPerPixel(level) >= 1);
  return enough.length ? enough.reduce((a, b) => (columnsPerPixel(a) < columnsPerPixel(b) ? a : b)) : levels[0];
}

/** The cell under a point: its piece, column, row and number; null beside all pieces. */
export function cellAt(set, seconds, yShare, numbers, lane) {
  const [level] = set.levels;
  const piece = level.pieces.find((one) => seconds >= one.startS && seconds < one.endS);
  if (!piece) return null;
  const column = Math.min(piece.columns - 1, Math.floor(((seconds - piece.startS) / (piece.endS - piece.startS)) * piece.columns));
  const row = Math.min(level.rows - 1, Math.max(0, Math.floor(yShare * level.rows)));
  const step = numbers(piece.data)[row * piece.columns + column];
  return { piece, column, row, value: valueOf(step, lane.low, set.high ?? lane.high), rows: level.rows };
}

export function drawImage(context, lane, set, view, width, height, numbers) {
  const level = levelFor(set.levels, view, width);
  context.imageSmoothingEnabled = false;
  for (const piece of level.pieces) {
    if (piece.endS < view.startS || piece.startS > view.endS) continue;
    const left = view.toX(piece.startS, width);
    const right = view.toX(piece.endS, width);
    context.drawImage(picture(piece, level.rows, lane.colours, numbers), left, 0, right - left, height);
  }
}

/** A piece as a canvas of one pixel per cell; it is coloured once. */
function picture(piece, rows, colours, numbers) {
  let canvas = kept.get(piece);
  if (!canvas) {
    canvas = document.createElement("canvas");
    canvas.width = piece.columns;
    canvas.height = rows;
    const pixels = new ImageData(piece.columns, rows);
    const words = new Uint32Array(pixels.data.buffer);
    const levels = numbers(piece.data);
    const scale = table(colours);
    for (let i = 0; i < words.length; i += 1) words[i] = scale[levels[i]];
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    kept.set(piece, canvas);
  }
  return canvas;
}
