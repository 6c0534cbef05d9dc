// The clip desk: lanes on one time axis and one playhead. Python sends tiles once and is told of places, never of frames.

import { SHEET, actionOf } from "./keys.js";
import { wordsAt } from "./lanes.js";
import { Player } from "./player.js";
import { Row, element } from "./row.js";
import { themeOf } from "./theme.js";
import { View, clock, ticks } from "./view.js";

const HEARD_S = 0.8; // of each moment of a cell
const DRAG_PX = 4;
const WHEEL = 1.0015;

export class Desk {
  constructor(root, tell) {
    this.root = element("div", "desk");
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", "Clip desk: press ? for its keys");
    root.append(this.root);
    this.tell = tell;
    this.rows = [];
    this.audio = element("audio", "audio");
    this.audio.preload = "auto";
    this.player = new Player(this.audio);
    this.state = { view: new View(1), nowS: 0, layer: 1, head: 0, loop: null, cell: null, numbers: null };
    this.build();
    this.listen();
  }

  build() {
    this.bar = element("div", "bar");
    this.button = element("button", "play", "Play");
    this.button.setAttribute("aria-label", "Play or pause");
    this.time = element("span", "time", "0:00.0");
    this.where = element("span", "where");
    this.menu = element("details", "menu");
    this.menu.append(element("summary", "summary", "Lanes"));
    this.list = element("div", "list");
    this.menu.append(this.list);
    const help = element("button", "help", "?");
    help.title = "Keys of the desk";
    help.addEventListener("click", () => this.act("sheet"));
    this.words = element("span", "words");
    this.bar.append(this.button, this.time, this.where, this.words, this.menu, help);
    this.lanes = element("div", "lanes");
    this.axis = element("canvas", "clock");
    this.axisBox = element("div", "clockbox");
    this.axisBox.append(this.axis);
    this.sheet = element("table", "sheet");
    this.sheet.hidden = true;
    for (const [key, words] of SHEET) {
      const line = element("tr", "");
      line.append(element("th", "", key), element("td", "", words));
      this.sheet.append(line);
    }
    this.root.append(this.bar, this.lanes, this.axisBox, this.sheet, this.audio);
  }

  listen() {
    this.button.addEventListener("click", () => this.act("toggle"));
    this.root.addEventListener("keydown", (event) => {
      const action = event.target instanceof HTMLButtonElement && event.key === " " ? null : actionOf(event);
      if (!action) return;
      event.preventDefault();
      event.stopPropagation();
      this.act(action);
    });
    for (const what of ["play", "pause", "ended"]) this.audio.addEventListener(what, () => this.run());
    this.audio.addEventListener("seeked", () => this.frame());
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.lanes);
  }

  /** What Python has sent: kept in view where it is the same clip as before. */
  show(head, numbers) {
    const { state } = this;
    if (this.clip !== head.clip.id) {
      state.view = new View(head.clip.durationS);
      [state.loop, state.cell, this.player.loop] = [null, null, null];
      this.audio.src = head.clip.url;
      if (head.place) this.player.seek(head.place.seconds);
    }
    this.clip = head.clip.id;
    Object.assign(state, { numbers, layer: head.layer, head: head.head });
    [this.layers, this.heads, this.head] = [head.layers, head.heads, head];
    const wanted = head.order ?? head.lanes.map((lane) => lane.id);
    this.hidden = head.lanes.filter((lane) => !wanted.includes(lane.id));
    const shown = wanted.map((id) => head.lanes.find((lane) => lane.id === id)).filter(Boolean);
    this.rows = shown.map((lane) => this.row(lane));
    this.lanes.replaceChildren(...this.rows.map((row) => row.root));
    this.list.replaceChildren(...this.hidden.map((lane) => this.shower(lane)));
    this.menu.hidden = this.hidden.length === 0;
    this.theme = themeOf(this.root);
    this.draw();
  }

  row(lane) {
    const row = new Row(lane, (id, by) => this.move(id, by));
    row.box.addEventListener("pointermove", (event) => {
      const { seconds, yShare } = row.at(event, this.state);
      this.words.textContent = wordsAt(lane, this.state, seconds, yShare);
    });
    row.box.addEventListener("pointerleave", () => {
      this.words.textContent = "";
    });
    row.box.addEventListener("pointerdown", (event) => this.press(row, event));
    row.box.addEventListener("wheel", (event) => this.wheel(row, event), { passive: false });
    return row;
  }

  shower(lane) {
    const button = element("button", "show", lane.title);
    button.addEventListener("click", () => this.arrange([...this.rows.map((row) => row.lane.id), lane.id]));
    return button;
  }

  move(id, by) {
    const order = this.rows.map((row) => row.lane.id);
    const from = order.indexOf(id);
    order.splice(from, 1);
    if (by) order.splice(Math.min(order.length, Math.max(0, from + by)), 0, id);
    this.arrange(order);
  }

  arrange(order) {
    this.show({ ...this.head, layer: this.state.layer, head: this.state.head, order }, this.state.numbers);
    this.tell("lanes", order);
  }

  /** A click goes there, a drag selects. */
  press(row, down) {
    this.root.focus({ preventScroll: true });
    const from = row.at(down, this.state);
    const moved = (event) => {
      if (Math.abs(event.clientX - down.clientX) < DRAG_PX) return;
      const { seconds } = row.at(event, this.state);
      const ends = [from.seconds, seconds].map((at) => Math.min(this.state.view.durationS, Math.max(0, at)));
      this.state.loop = [Math.min(...ends), Math.max(...ends)];
      this.frame();
    };
    const up = (event) => {
      window.removeEventListener("pointermove", moved);
      window.removeEventListener("pointerup", up);
      if (Math.abs(event.clientX - down.clientX) < DRAG_PX) this.click(row, from);
      else this.select();
    };
    window.addEventListener("pointermove", moved);
    window.addEventListener("pointerup", up);
  }

  select() {
    this.player.loop = this.state.loop;
    this.player.seek(this.state.loop[0]);
    this.tell("place", this.place());
    this.frame();
  }

  /** On a cell with two moments: hear that of the query, then that of the key. */
  click(row, { seconds, yShare, moments }) {
    if (moments) {
      this.state.cell = { lane: row.lane.id, yShare, ...moments };
      this.player.hear([moments.queryS, moments.keyS].map((at) => around(at, this.state.view.durationS)));
    } else {
      this.state.cell = null;
      this.player.seek(seconds);
    }
    this.tell("place", this.place());
    this.frame();
  }

  wheel(row, event) {
    if (!event.ctrlKey && !event.shiftKey && Math.abs(event.deltaY) > Math.abs(event.deltaX)) return; // the page scrolls
    event.preventDefault();
    const { view } = this.state;
    if (event.ctrlKey) view.zoom(WHEEL ** event.deltaY, row.at(event, this.state).seconds);
    else view.pan(((event.deltaX || event.deltaY) / row.width) * view.spanS);
    this.draw();
  }

  place() {
    const { loop, cell, layer, head } = this.state;
    return { clip: this.clip, seconds: this.player.timeS, layer, head, loop, cell };
  }

  act(action) {
    const { state, player } = this;
    const steps = { back: -state.view.spanS / 20, forward: state.view.spanS / 20 };
    if (action === "toggle") player.toggle();
    else if (action in steps) player.seek(player.timeS + steps[action]);
    else if (action === "start") player.seek(0);
    else if (action === "end") player.seek(state.view.durationS);
    else if (action === "zoomIn") state.view.zoom(0.5, state.nowS);
    else if (action === "zoomOut") state.view.zoom(2, state.nowS);
    else if (action === "fit") state.view.fit();
    else if (action === "loop") this.toggleLoop();
    else if (action === "forget") [state.loop, state.cell, player.loop] = [null, null, null];
    else if (action === "sheet") this.sheet.hidden = !this.sheet.hidden;
    else this.choose(action);
    this.draw();
  }

  toggleLoop() {
    if (!this.state.loop) return;
    this.player.loop = this.player.loop ? null : this.state.loop;
    if (this.player.loop) this.player.play();
  }

  /** Another layer or head: at once where its tiles are here, else Python is asked. */
  choose(action) {
    const { state } = this;
    const [what, all, by] = {
      layerDown: ["layer", this.layers, -1], layerUp: ["layer", this.layers, 1],
      headDown: ["head", this.heads, -1], headUp: ["head", this.heads, 1],
    }[action]; // prettier-ignore
    const next = all[all.indexOf(state[what]) + by];
    if (next === undefined) return;
    state[what] = next;
    this.tell("place", this.place());
  }

  /** Frames while it plays; one more when it stops. */
  run() {
    this.button.textContent = this.player.playing ? "Pause" : "Play";
    cancelAnimationFrame(this.asked);
    const next = () => {
      this.frame();
      if (this.player.playing) this.asked = requestAnimationFrame(next);
    };
    next();
  }

  frame() {
    const { state } = this;
    state.nowS = this.player.tick();
    if (this.player.playing && !this.player.loop && state.view.follow(state.nowS)) this.draw();
    const tenths = clock(state.nowS, 0.1);
    this.time.textContent = `${tenths} / ${clock(state.view.durationS, 0.1)} s`;
    for (const row of this.rows) {
      row.view = state.view;
      row.drawAbove(state, this.theme);
    }
  }

  draw() {
    if (!this.head) return;
    const { state } = this;
    for (const row of this.rows) row.draw(state, this.theme);
    const layer = this.head.layerNames[this.layers.indexOf(state.layer)] ?? "";
    this.where.textContent = [layer, state.head ? `head ${state.head}` : this.heads.length ? "mean of heads" : ""].filter(Boolean).join(", ");
    this.drawClock();
    this.frame();
  }

  drawClock() {
    const [width, height, scale] = [this.axisBox.clientWidth, 26, window.devicePixelRatio || 1];
    [this.axis.width, this.axis.height] = [Math.round(width * scale), Math.round(height * scale)];
    const context = this.axis.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.font = this.theme.font;
    context.fillStyle = this.theme.text;
    context.textAlign = "center";
    const { view } = this.state;
    const { step, at } = ticks(view.startS, view.endS, width / 80);
    for (const seconds of at) {
      const x = view.toX(seconds, width);
      context.fillRect(x, 0, 1, 5);
      if (x > 14 && x < width - 60) context.fillText(clock(seconds, step), x, 17);
    }
    context.textAlign = "right";
    context.fillText("time (s)", width - 2, 17);
  }

  close() {
    cancelAnimationFrame(this.asked);
    this.resized.disconnect();
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.root.remove();
  }
}

function around(seconds, durationS) {
  const startS = Math.min(Math.max(0, seconds - HEARD_S / 2), Math.max(0, durationS - HEARD_S));
  return { startS, endS: Math.min(durationS, startS + HEARD_S) };
}
