// Marks under the sound: beats and other moments as lines, chords and sections as stretches, with what they are called.

import { coloursOf } from "./theme.js";

const FEWEST_PX = 5; // between two lines
const widths = new Map(); // font and text → pixels
const REACH_PX = 6; // from the pointer to a line

/** Every how many of the moments are drawn: a power of two, the same wherever the view is moved to. */
export function strideOf(marks, view, width) {
  const moments = marks.filter((mark) => mark.endS === null);
  if (moments.length < 2) return 1;
  const meanS = (moments[moments.length - 1].startS - moments[0].startS) / (moments.length - 1);
  const apart = (meanS / view.spanS) * width;
  return apart > 0 ? 2 ** Math.max(0, Math.ceil(Math.log2(FEWEST_PX / apart))) : 1;
}

/** The mark under a point: a moment at most 6 pixels away, else the stretch around it; null where there is none. */
export function markAt(marks, seconds, view, width) {
  const reachS = (REACH_PX / width) * view.spanS;
  let best = null;
  for (const mark of marks) {
    if (mark.endS !== null) continue;
    const away = Math.abs(mark.startS - seconds);
    if (away <= reachS && (best === null || away < Math.abs(best.startS - seconds))) best = mark;
  }
  return best ?? marks.find((mark) => mark.endS !== null && seconds >= mark.startS && seconds < mark.endS) ?? null;
}

/** What is said of a mark. */
export function markWords(mark) {
  return [mark.kind, mark.text].filter(Boolean).join(" ");
}

/** Moments as lines, as many as have room; stretches as pale bars; texts where they do not run into each other. */
export function drawMarks(context, lane, set, view, width, height, _numbers, theme) {
  context.font = theme.font;
  context.textBaseline = "middle";
  context.textAlign = "left";
  const colours = coloursOf(set.marks.map((mark) => mark.kind).filter(Boolean), theme.text);
  const stride = strideOf(set.marks, view, width);
  let [free, number] = [-Infinity, -1];
  for (const mark of set.marks) {
    if (mark.endS === null) number += 1;
    const [left, right] = [view.toX(mark.startS, width), view.toX(mark.endS ?? mark.startS, width)];
    if (right < 0 || left > width || (mark.endS === null && number % stride)) continue;
    const colour = colours.get(mark.kind) ?? theme.line;
    if (mark.endS !== null) drawStretch(context, left, right, height, colour);
    else {
      context.fillStyle = colour;
      const tall = mark.text ? height : height / 2; // those with a name are the longer ones
      context.fillRect(left, height - tall, 1.5, tall);
    }
    const from = Math.max(left, 0) + 4;
    const space = mark.endS === null ? Infinity : Math.min(right, width) - from;
    const long = mark.text ? widthOf(context, mark.text) : 0;
    if (from >= free && mark.text && long < space) {
      context.fillStyle = theme.text;
      context.fillText(mark.text, from, mark.endS === null ? height / 4 : height / 2); // above the shorter lines
      free = from + 6 + long;
    }
  }
}

/** Pixels that a text takes; it is measured once. */
function widthOf(context, text) {
  const key = `${context.font}|${text}`;
  if (!widths.has(key)) widths.set(key, context.measureText(text).width);
  return widths.get(key);
}

/** Pale inside, a full line where it begins. */
function drawStretch(context, left, right, height, colour) {
  const wide = Math.max(1, right - left - 1);
  context.fillStyle = colour;
  context.globalAlpha = 0.28;
  context.fillRect(left, 1, wide, height - 2);
  context.globalAlpha = 1;
  context.fillRect(left, 1, Math.min(2, wide), height - 2);
}
