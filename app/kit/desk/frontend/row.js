// One lane on the page: its name and axis on the left, its picture, and above it what moves with the playhead.

import { button, cleared, element } from "./dom.js";
import { areasOf, secondsOfRows, whereAt } from "./geometry.js";
import { grip } from "./grip.js";
import { drawLane, momentsHeard, setOf, yShareOf } from "./lanes.js";
import { tableElement, tableOf } from "./twin.js";
import { withMinus } from "./view.js";
import { drawWindowsOver, windowsOver } from "./windows.js";

const BORDER_PX = 12; // between borders of windows, as a rule; closer together they would hide what they divide
const TABLE_MS = 150; // after the view has come to rest

/** A lane with its tools; it draws itself when told to. */
export class Row {
  /**
   * @param lane what Python sent, with its present height
   * @param sideColour of the tag of the side that it belongs to
   * @param acts {moved(id, by), sized(id, height, done)}
   */
  constructor(lane, sideColour, acts) {
    Object.assign(this, { lane, acts });
    this.root = element("div", "lane");
    this.root.dataset.lane = lane.id;
    this.axis = element("div", "axis");
    this.box = element("div", "box");
    [this.picture, this.above] = [element("canvas", "picture"), element("canvas", "above")];
    this.picture.setAttribute("role", "img");
    const unit = lane.unit ? `, in ${lane.unit}` : "";
    this.picture.setAttribute("aria-label", `${lane.title} over time${unit}; its numbers are in its table`);
    this.above.setAttribute("aria-hidden", "true");
    this.empty = element("div", "empty", lane.empty);
    this.box.append(this.picture, this.above, this.empty);
    const body = element("div", "body");
    body.append(this.axis, this.box);
    const edge = grip(lane, (height, done) => this.size(height, done));
    this.twin = element("div", "twin");
    this.twin.hidden = true;
    this.twin.tabIndex = 0; // it scrolls, also by keys
    this.twin.setAttribute("role", "region");
    this.twin.setAttribute("aria-label", `Numbers of ${lane.title}`);
    this.root.append(this.top(sideColour), body, edge, this.twin);
    this.visible = true;
    this.size(lane.height, false);
  }

  /** Name, side, key of curves, caution, and the tools. */
  top(sideColour) {
    const { lane } = this;
    const top = element("div", "top");
    if (lane.side) {
      const tag = element("span", "side", lane.side);
      tag.title = lane.side; // what is cut off
      tag.style.setProperty("--side", sideColour);
      top.append(tag);
    }
    const name = element("span", "name", titled(lane));
    name.title = titled(lane);
    top.append(name);
    const [curves] = lane.kind === "curves" ? Object.values(lane.sets) : [];
    for (const { name: of, colour, dashed } of curves?.series ?? []) {
      const key = element("span", dashed ? "series dashed" : "series", of);
      key.title = of;
      key.dataset.colour = colour;
      top.append(key);
    }
    top.append(this.tools());
    if (!lane.note) return top;
    const both = element("div", "");
    both.append(top, element("div", "note", lane.note));
    return both;
  }

  /** Up, down, table, away; a lane that was put away comes back from the menu. */
  tools() {
    const { lane } = this;
    const tools = element("div", "tools");
    this.tableTool = button("tool", "table", `table: ${lane.title}`, () => this.toggleTable());
    this.tableTool.setAttribute("aria-expanded", "false");
    const move = (text, words, by) => button("tool", text, `${words}: ${lane.title}`, () => this.acts.moved(lane.id, by));
    tools.append(move("↑", "up", -1), move("↓", "down", 1), this.tableTool, move("×", "hide", 0));
    return tools;
  }

  /** Have another height; `done` where it was let go. */
  size(height, done) {
    this.lane.height = height;
    this.box.style.height = `${height}px`;
    this.labels(this.lane.ticks);
    this.acts.sized(this.lane.id, height, done);
  }

  /** Labels of the axis, in the part of the height that they are of; special rows have theirs above. */
  labels(ticks) {
    const { lane } = this;
    const { special, main } = areasOf(lane, lane.height);
    const label = (text, y, className = "tick") => {
      const made = element("span", className, text);
      made.style.top = `${y}px`;
      return made;
    };
    const names = (lane.specialNames ?? []).map((name, i) => label(name, (special.height * (i + 0.5)) / special.rows, "tick middle"));
    const ends = (tick) => (tick.at < 0.04 ? "tick first" : tick.at > 0.96 ? "tick last" : "tick middle");
    this.axis.replaceChildren(...names, ...ticks.map((tick) => label(tick.text, main.top + tick.at * main.height, ends(tick))));
  }

  /** Show the numbers in view as a table, or hide them. */
  toggleTable() {
    this.twin.hidden = !this.twin.hidden;
    this.tableTool.setAttribute("aria-expanded", String(!this.twin.hidden));
    if (!this.twin.hidden && this.state) this.fill();
  }

  /** The table of what is in view now. */
  fill() {
    const table = tableOf(this.lane, this.state);
    this.twin.replaceChildren(table ? tableElement(table) : element("span", "", this.lane.empty));
  }

  get width() {
    return this.box.clientWidth;
  }

  /** Draw the picture, borders of windows, and what the windows are over it. */
  draw(state, theme) {
    this.state = state;
    const { lane, width } = this;
    const context = cleared(this.picture, width, lane.height);
    const set = setOf(lane, state.layer, state.head);
    this.empty.hidden = drawLane(context, lane, state, width, lane.height, theme);
    context.fillStyle = theme.line;
    const borders = lane.borders.map((border) => state.view.toX(border, width)).filter((x) => x > 0 && x < width);
    if (borders.length * BORDER_PX <= width) for (const x of borders) context.fillRect(Math.round(x), 0, 1, lane.height);
    drawWindowsOver(context, windowsOver(lane, state.windows), state.view, width, lane.height, theme);
    if (lane.kind === "curves" && !lane.ticks.length && set) {
      const ends = [set.high, set.low ?? lane.low].map((end) => withMinus(String(Number(end.toPrecision(3))))).join();
      if (ends !== this.ends) this.labels(ends.split(",").map((text, at) => ({ at, text })));
      this.ends = ends;
    }
    if (!this.twin.hidden) {
      clearTimeout(this.filling);
      this.filling = setTimeout(() => this.fill(), TABLE_MS);
    }
  }

  /** Playhead, selection, cell, and on lanes whose other axis is time too, where the playhead is on that one. */
  drawAbove(state, theme) {
    const { lane, width } = this;
    const context = cleared(this.above, width, lane.height);
    const { view, nowS } = state;
    if (state.loop) {
      context.fillStyle = theme.selectionPale;
      const left = view.toX(state.loop[0], width);
      context.fillRect(left, 0, view.toX(state.loop[1], width) - left, lane.height);
    }
    this.drawPlayhead(context, view.toX(nowS, width), this.rowOf(state), width, theme);
    if (state.cell && state.cell.lane === lane.id) this.drawCell(context, state, width, theme);
  }

  /** A line with a pale edge, so that it is seen on dark and on light; across where the other axis is time too. */
  drawPlayhead(context, x, across, width, theme) {
    for (const [colour, wide] of [[theme.halo, 3.5], [theme.text, 1.5]]) {
      context.globalAlpha = colour === theme.halo ? 0.6 : 1; // it is seen on dark and on light
      context.fillStyle = colour;
      context.fillRect(x - wide / 2, 0, wide, this.lane.height);
      if (across) context.fillRect(across.left * width, this.toY(across.y) - wide / 2, (across.right - across.left) * width, wide);
    }
    context.globalAlpha = 1;
  }

  /** Pixels from the top of a share of the rows of time. */
  toY(share) {
    const { main } = areasOf(this.lane, this.lane.height);
    return main.top + share * main.height;
  }

  /** Share of the height at which the playhead is on the other time axis, and from where to where the line reaches. */
  rowOf({ view, nowS, layer, head }) {
    const { lane } = this;
    if (lane.yTime === "clip") {
      return { y: 1 - nowS / lane.durationS, left: Math.max(0, view.toX(0, 1)), right: Math.min(1, view.toX(lane.durationS, 1)) };
    }
    if (lane.yTime !== "window") return null;
    const piece = setOf(lane, layer, head)?.levels[0].pieces.find((one) => nowS >= one.startS - 1e-9 && nowS < one.endS);
    if (!piece) return null;
    const [from, until] = secondsOfRows(piece);
    const [left, right] = [Math.max(0, view.toX(piece.startS, 1)), Math.min(1, view.toX(piece.endS, 1))];
    return right > left ? { y: 1 - (nowS - from) / (until - from), left, right } : null;
  }

  /** A square around the chosen cell. */
  drawCell(context, state, width, theme) {
    const share = yShareOf(this.lane, setOf(this.lane, state.layer, state.head), state.cell);
    if (share === null) return;
    context.strokeStyle = theme.selection;
    context.lineWidth = 2;
    context.strokeRect(state.view.toX(state.cell.keyS, width) - 4, this.toY(share) - 4, 8, 8);
  }

  /** What is under a pointer event: seconds, share of the height from the top, and the moments it stands for. */
  at(event, state) {
    const box = this.box.getBoundingClientRect();
    const seconds = state.view.toS(event.clientX - box.left, box.width);
    const { yShare, special } = whereAt(this.lane, event.clientY - box.top, box.height);
    const set = setOf(this.lane, state.layer, state.head);
    return { seconds, yShare, special, moments: momentsHeard(this.lane, set, seconds, yShare, state.holdsSecond) };
  }
}

/** What a lane shows, with its unit. */
function titled({ title, unit }) {
  if (!unit) return title;
  return unit.includes("(") ? `${title}, ${unit}` : `${title} (${unit})`;
}
