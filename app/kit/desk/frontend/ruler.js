// The clock row under the lanes: seconds, windows of the model, and where the query and the key of the chosen cell are.

import { cleared, element } from "./dom.js";
import { clock, ticks } from "./view.js";
import { drawBrackets, rowCount } from "./windows.js";

const CLOCK_PX = 28;
const LABEL_PX = 21; // where the line is on which seconds stand
const BRACKET_PX = 8;

/** Seconds, brackets of windows, query and key. */
export class Ruler {
  constructor() {
    this.root = element("div", "clockbox");
    this.canvas = element("canvas", "clock");
    this.canvas.setAttribute("role", "img");
    this.root.append(this.canvas);
    this.height = 0;
  }

  /** Draw what is in view. */
  draw({ view, windows, cell }, theme) {
    const rows = rowCount(windows);
    const [width, height] = [this.root.clientWidth, CLOCK_PX + rows * BRACKET_PX + (rows ? 4 : 0)];
    if (height !== this.height) this.root.style.height = `${height}px`;
    this.height = height;
    const context = cleared(this.canvas, width, height);
    this.canvas.setAttribute("aria-label", this.words(view, windows));
    context.font = theme.font;
    const { step, at } = ticks(view.startS, view.endS, width / 80);
    context.fillStyle = theme.text;
    context.textAlign = "center";
    for (const seconds of at) {
      const x = view.toX(seconds, width);
      context.fillRect(x, 0, 1, 5);
      if (x > 14 && x < width - 72) context.fillText(clock(seconds, step), x, LABEL_PX);
    }
    context.textAlign = "right";
    context.fillText("time (s)", width - 2, LABEL_PX);
    if (rows) drawBrackets(context, windows, view, width, CLOCK_PX, BRACKET_PX, theme);
    if (cell) this.drawMoments(context, cell, view, width, theme);
  }

  /** Query and key of the chosen cell, as small triangles with a letter. */
  drawMoments(context, cell, view, width, theme) {
    context.textAlign = "left";
    for (const [seconds, letter] of [[cell.queryS, "q"], [cell.keyS, "k"]]) {
      const x = view.toX(seconds, width);
      if (x < 0 || x > width) continue;
      context.fillStyle = theme.selection;
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x - 5, 8);
      context.lineTo(x + 5, 8);
      context.fill();
      context.fillStyle = theme.text;
      context.fillText(letter, x + 6, 9);
    }
  }

  /** What it shows, for those who cannot see it. */
  words(view, windows) {
    const axis = `Time axis from ${clock(view.startS, 0.01)} to ${clock(view.endS, 0.01)} s`;
    if (!windows.length) return axis;
    const padded = windows.filter(([, , paddedS]) => paddedS !== null).length;
    return `${axis}; ${windows.length} windows of the model${padded ? `, ${padded} of them padded` : ""}`;
  }
}
