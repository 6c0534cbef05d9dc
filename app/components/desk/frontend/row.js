// One lane on the page: its name and axis on the left, its picture, and above it what moves with the playhead.

import { drawLane, momentsAt, setOf } from "./lanes.js";

export function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  if (text) made.textContent = text;
  return made;
}

export class Row {
  constructor(lane, moved) {
    this.lane = lane;
    this.root = element("div", "lane");
    const top = element("div", "top");
    top.append(element("span", "name", lane.unit ? `${lane.title} (${lane.unit})` : lane.title), this.tools(moved));
    this.axis = element("div", "axis");
    this.box = element("div", "box");
    this.box.style.height = `${lane.height}px`;
    [this.picture, this.above] = [element("canvas", "picture"), element("canvas", "above")];
    this.picture.setAttribute("role", "img");
    this.picture.setAttribute("aria-label", `${lane.title} over time${lane.unit ? `, in ${lane.unit}` : ""}`);
    this.empty = element("div", "empty", lane.empty);
    this.box.append(this.picture, this.above, this.empty);
    const body = element("div", "body");
    body.append(this.axis, this.box);
    this.root.append(top, body);
    for (const tick of lane.ticks) {
      const label = element("span", "tick", tick.text);
      label.style.top = `${100 * tick.at}%`;
      this.axis.append(label);
    }
  }

  /** Up, down, away; a lane that was put away comes back from the menu. */
  tools(moved) {
    const tools = element("div", "tools");
    for (const [text, what, words] of [["↑", -1, "up"], ["↓", 1, "down"], ["×", 0, "hide"]]) {
      const button = element("button", "tool", text);
      button.title = `${words}: ${this.lane.title}`;
      button.setAttribute("aria-label", button.title);
      button.addEventListener("click", () => moved(this.lane.id, what));
      tools.append(button);
    }
    return tools;
  }

  get width() {
    return this.box.clientWidth;
  }

  context(canvas) {
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [this.box.clientWidth, this.lane.height];
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  }

  draw(state, theme) {
    const shown = drawLane(this.context(this.picture), this.lane, state, this.width, this.lane.height, theme);
    this.empty.hidden = shown;
  }

  /** Playhead, selection, borders of windows, and on lanes whose other axis is time too, where the playhead is on that one. */
  drawAbove(state, theme) {
    const [context, width, height] = [this.context(this.above), this.width, this.lane.height];
    const { view, nowS } = state;
    context.fillStyle = theme.line;
    for (const border of this.lane.borders) {
      const x = view.toX(border, width);
      if (x > 0 && x < width) context.fillRect(Math.round(x), 0, 1, height);
    }
    if (state.loop) {
      context.fillStyle = theme.selectionPale;
      const left = view.toX(state.loop[0], width);
      context.fillRect(left, 0, view.toX(state.loop[1], width) - left, height);
    }
    this.drawPlayhead(context, view.toX(nowS, width), this.rowOf(nowS), width, height, theme);
    if (state.cell && state.cell.lane === this.lane.id) this.drawCell(context, state, width, height, theme);
  }

  drawPlayhead(context, x, across, width, height, theme) {
    context.fillStyle = theme.playhead;
    context.fillRect(Math.round(x), 0, 1.5, height);
    if (across) {
      const { view } = across;
      context.fillRect(view[0] * width, across.y * height, (view[1] - view[0]) * width, 1);
    }
  }

  /** Height, as a share from the top, at which the playhead is on the other time axis, and how far the line reaches. */
  rowOf(nowS) {
    const { lane } = this;
    if (lane.yTime === "clip") return { y: 1 - nowS / lane.durationS, view: [0, 1] };
    if (lane.yTime !== "window") return null;
    const number = lane.borders.findLastIndex((border) => border <= nowS + 1e-9);
    if (number < 0 || number + 1 >= lane.borders.length) return null;
    const [start, end] = [lane.borders[number], lane.borders[number + 1]];
    const toShare = (seconds) => this.view.toX(seconds, 1);
    return { y: 1 - (nowS - start) / (end - start), view: [Math.max(0, toShare(start)), Math.min(1, toShare(end))] };
  }

  drawCell(context, state, width, height, theme) {
    const x = state.view.toX(state.cell.keyS, width);
    context.strokeStyle = theme.selection;
    context.lineWidth = 2;
    context.strokeRect(x - 4, state.cell.yShare * height - 4, 8, 8);
  }

  /** What is under a pointer event: seconds, share of the height from the top, and the moments it stands for. */
  at(event, state) {
    const box = this.box.getBoundingClientRect();
    const seconds = state.view.toS(event.clientX - box.left, box.width);
    const yShare = Math.min(1, Math.max(0, (event.clientY - box.top) / box.height));
    return { seconds, yShare, moments: momentsAt(this.lane, setOf(this.lane, state.layer, state.head), seconds, yShare) };
  }
}
