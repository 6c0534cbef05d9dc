// The clip desk: lanes on one time axis and one playhead. Python sends tiles once and is told of places, never of frames.

import { perform } from "./actions.js";
import { Bar } from "./bar.js";
import { element, refill } from "./dom.js";
import { Exact } from "./exact.js";
import { actionOf } from "./keys.js";
import { Mixer } from "./mixer.js";
import { completed, entryOf, moved, readEntry, withHidden } from "./order.js";
import { Placing, thousandth } from "./placing.js";
import { Player } from "./player.js";
import { around, pointAt, pointAtRuler } from "./pointer.js";
import { Row } from "./row.js";
import { Ruler } from "./ruler.js";
import { Strip } from "./strip.js";
import { coloursOf, themeOf } from "./theme.js";
import { View } from "./view.js";
import { lastEndOf } from "./windows.js";
import { Wall } from "./wall.js";

const THEME_MS = 300; // between two looks at the colours of the page, which may turn dark
const PATIENCE_MS = 5000; // in which Python answers a choice of layer and head, before what it says instead is taken

const NO_LANES = "All lanes are hidden. “Hidden lanes” above brings each of them back.";
const SCROLLING = /^(Arrow|Home|End)/; // keys that a table of numbers needs itself

/** All parts of the desk, what is chosen in them, and what Python is told of it. */
export class Desk {
  /**
   * @param root what it is put into
   * @param tell is given "place" or "lanes", and what it is now
   */
  constructor(root, tell) {
    this.tell = tell;
    this.root = element("div", "desk");
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", "Clip desk: press ? for its keys");
    this.audio = element("audio", "audio");
    this.audio.preload = "auto";
    this.mixer = new Mixer(this.audio);
    this.player = new Player(this.audio, () => this.mixer.begin());
    this.placing = new Placing(() => this.place(), (place) => this.tellPlace(place), () => this.player.playing);
    this.bar = new Bar((action) => perform(this, action));
    this.strip = new Strip((channel) => this.mixer.choose(channel));
    this.lanes = element("div", "lanes");
    this.ruler = new Ruler();
    this.exact = new Exact();
    this.wall = new Wall((layer, head) => this.choose(layer, head), (text) => this.say(text));
    this.state = { view: new View(1), nowS: 0, layer: 1, head: 0, loop: null, cell: null, numbers: null, windows: [] };
    [this.rows, this.turn, this.chosen] = [new Map(), 0, null];
    this.root.append(this.bar.root, this.strip.root, this.lanes, this.ruler.root, this.wall.root, this.audio);
    root.append(this.root);
    pointAtRuler(this.ruler, this);
    this.listen();
  }

  /** Keys, the sound, the size of the lanes, and which of them are on the screen. */
  listen() {
    this.root.addEventListener("keydown", (event) => {
      if (event.target.closest?.(".twin") && SCROLLING.test(event.key)) return;
      const own = event.target.closest?.("button, summary, select, input") && (event.key === " " || event.key === "Enter");
      const action = own ? null : actionOf(event);
      if (!action) return;
      event.preventDefault();
      event.stopPropagation();
      perform(this, action);
    });
    for (const what of ["play", "pause", "ended"]) this.audio.addEventListener(what, () => this.run());
    this.audio.addEventListener("seeked", () => this.frame());
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.lanes);
    this.seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const row = this.rows.get(target.dataset.lane);
        if (row?.root !== target || row.visible === isIntersecting) continue;
        row.visible = isIntersecting;
        if (isIntersecting) this.draw();
      }
    }, { rootMargin: "200px" });
  }

  /** What Python has sent; what a person sees stays where it is while it is the same visit to the same recording. */
  show(head, numbers) {
    const { state } = this;
    const fresh = this.clip !== head.clip.id || this.arrival !== head.arrival;
    [this.clip, this.arrival, this.head, this.layers, this.heads] = [head.clip.id, head.arrival, head, head.layers, head.heads];
    if (fresh) this.chosen = null;
    Object.assign(state, { numbers, windows: head.windows ?? [] }, this.layerAndHead(head));
    this.placing.last = "";
    if (fresh) this.begin(head);
    else state.view.reach(lastEndOf(state.windows));
    if (this.sound !== head.clip.url) {
      this.sound = head.clip.url;
      this.mixer.set(head.sounds?.variants.length ?? 1);
      if (!fresh) this.player.load(head.clip.url);
    }
    state.holdsSecond = this.strip.show(head.sounds);
    this.arrange(head.order);
    this.wall.show(head.wall, numbers);
    this.exact.show(head.exact);
    this.draw();
  }

  /** Another recording, or an address that was opened or gone back to: from its start, or where that says. */
  begin(head) {
    const { state, player } = this;
    const { seconds = 0, loop = null, cell = null, view = null } = head.place ?? {};
    state.view = new View(head.clip.durationS);
    state.view.reach(lastEndOf(state.windows));
    if (view) state.view.show(...view);
    [state.loop, state.cell, player.loop] = [loop, cell, loop];
    if (this.sound !== head.clip.url) this.audio.src = head.clip.url;
    player.seek(seconds);
    state.nowS = seconds;
  }

  /** Those that Python has, unless it has not yet heard of a later choice. */
  layerAndHead({ layer, head }) {
    const { chosen } = this;
    if (chosen && (chosen.layer !== layer || chosen.head !== head) && performance.now() - chosen.at < PATIENCE_MS) {
      return { layer: chosen.layer, head: chosen.head };
    }
    this.chosen = null;
    return { layer, head };
  }

  /** Show these lanes, in this order; a lane that is drawn already stays as it is. */
  arrange(order) {
    this.order = completed(order, this.head.lanes.map((lane) => lane.id));
    const entries = this.order.map(readEntry);
    const sent = new Map(this.head.lanes.map((lane) => [lane.id, lane]));
    const colours = coloursOf(this.head.lanes.map((lane) => lane.side).filter(Boolean));
    const rows = new Map();
    for (const { id, height, hidden } of entries) {
      const lane = sent.get(id);
      if (!lane || hidden || rows.has(id)) continue;
      const before = this.rows.get(id);
      if (before?.sent === lane) {
        if (height !== null && height !== before.lane.height) before.size(height, false);
        rows.set(id, before);
      } else rows.set(id, this.row(lane, height ?? lane.height, lane.sideColour || colours.get(lane.side), before));
    }
    for (const [id, row] of this.rows) if (rows.get(id) !== row) this.seen.unobserve(row.root);
    this.rows = rows;
    const none = rows.size ? [] : [element("p", "none", NO_LANES)];
    refill(this.lanes, [...none, ...[...rows.values()].map((row) => row.root)]);
    const away = this.head.lanes.filter((lane) => !rows.has(lane.id));
    this.bar.hide(away, (id) => this.rearrange(withHidden(this.order, id, false)));
  }

  /** A lane as a row of the page; its table is open where it was before. */
  row(lane, height, sideColour, before) {
    const row = new Row({ ...lane, height }, sideColour, {
      moved: (id, by) => this.rearrange(by ? moved(this.order, id, by, this.rows) : withHidden(this.order, id, true)),
      sized: (id, pixels, done) => this.sized(id, pixels, done),
    });
    row.sent = lane;
    if (before && !before.twin.hidden) row.toggleTable();
    pointAt(row, this);
    this.seen.observe(row.root);
    return row;
  }

  /** Show these lanes, in this order, and tell Python. */
  rearrange(order) {
    this.arrange(order);
    this.draw();
    this.tell("lanes", this.order);
  }

  /** A lane has another height; Python is told once it was let go. */
  sized(id, height, done) {
    if (!this.rows.has(id)) return;
    this.draw();
    if (!done) return;
    const own = this.head.lanes.find((lane) => lane.id === id).height;
    this.order = this.order.map((entry) => (readEntry(entry).id === id ? entryOf(id, height, own) : entry));
    this.tell("lanes", this.order);
  }

  /** Say what is under the pointer. */
  say(text) {
    this.bar.say(text);
  }

  /** A stretch was selected: it is heard from its beginning, and again and again. */
  select() {
    this.player.loop = this.state.loop;
    this.player.seek(this.state.loop[0]);
    this.placing.now();
    this.draw();
  }

  /** On a cell with two moments: hear that of the query, then that of the key, in the recording of the lane. Elsewhere go there. */
  click(row, { seconds, moments }) {
    const { state, player } = this;
    if (moments && moments.queryS <= state.view.durationS) {
      this.strip.turnTo(row.lane.heard === false);
      state.cell = { lane: row.lane.id, ...moments };
      player.hear([moments.queryS, moments.keyS].map((at) => around(at, state.view.durationS)));
      this.placing.now();
      this.draw();
    } else this.goTo(seconds);
  }

  /** Go to a moment; no cell is chosen then. */
  goTo(seconds) {
    this.state.cell = null;
    this.player.seek(seconds);
    this.placing.now();
    this.draw();
  }

  /** The view was zoomed or moved. */
  viewed() {
    this.draw();
    this.placing.soon();
  }

  /** The place as Python is told it, in seconds and whole numbers. */
  place() {
    const { loop, cell, layer, head, view } = this.state;
    const pair = (ends) => ends && ends.map(thousandth);
    const moments = cell && { lane: cell.lane, queryS: thousandth(cell.queryS), keyS: thousandth(cell.keyS) };
    const seen = pair([view.startS, view.endS]);
    return { clip: this.clip, seconds: thousandth(this.player.timeS), layer, head, loop: pair(loop), cell: moments, view: seen };
  }

  /** Every telling has a number of its own, so that Python hears of a place to which one has come back. */
  tellPlace(place) {
    this.turn += 1;
    this.tell("place", { ...place, turn: this.turn });
  }

  /** A layer and a head: at once where their tiles are here, else Python is asked. */
  choose(layer, head) {
    Object.assign(this.state, { layer, head });
    this.chosen = { layer, head, at: performance.now() };
    this.placing.now();
    this.draw();
  }

  /** Frames while it plays; one more when it stops, and what Python has missed. */
  run() {
    cancelAnimationFrame(this.asked);
    this.bar.play.textContent = this.player.playing ? "Pause" : "Play";
    const next = () => {
      this.frame();
      if (this.player.playing) this.asked = requestAnimationFrame(next);
    };
    next();
    // what was heard of a cell to its end is no new place
    if (!this.player.playing && (this.placing.owed || !this.player.finished)) this.placing.soon();
  }

  /** What moves with the playhead. */
  frame() {
    const { state } = this;
    state.nowS = this.player.tick();
    if (this.player.playing && !this.player.loop && state.view.follow(state.nowS)) this.draw();
    this.bar.now(state.nowS, state.view.durationS);
    if (this.theme) for (const row of this.rows.values()) if (row.visible) row.drawAbove(state, this.theme);
  }

  /** Everything anew, once before the next picture of the screen, however often it is asked for. */
  draw() {
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = undefined;
      if (this.head) this.paint();
    });
  }

  /** Draw all that is on the screen. */
  paint() {
    const { state } = this;
    const now = performance.now();
    if (!this.theme || now - this.themedAt > THEME_MS) [this.theme, this.themedAt] = [themeOf(this.root), now];
    for (const row of this.rows.values()) if (row.visible) row.draw(state, this.theme);
    const layerName = this.head.layerNames[this.layers.indexOf(state.layer)] ?? "";
    this.bar.state(this.player.playing, layerName, state.head, this.heads.length > 0);
    this.ruler.draw(state, this.theme);
    this.wall.mark(state.layer, state.head);
    this.frame();
  }

  /** Leave nothing behind: no sound, no timer, no listener. */
  close() {
    cancelAnimationFrame(this.asked);
    if (this.drawing) cancelAnimationFrame(this.drawing);
    this.placing.close();
    this.exact.leave();
    this.resized.disconnect();
    this.seen.disconnect();
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.mixer.close();
    this.root.remove();
  }
}
