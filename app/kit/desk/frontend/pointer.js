// The pointer on a lane: a click goes there, a drag selects, a wheel zooms or pans.

import { markAt } from "./marks.js";
import { cellUnder, setOf, wordsAt } from "./lanes.js";
import { clock } from "./view.js";
import { windowWords } from "./windows.js";

const HEARD_S = 0.8; // of each moment of a cell
const DRAG_PX = 4;
const WHEEL = 1.0015;

/** Let a row be pointed at; `desk` is told by its methods say, frame, select, click, viewed, and reads exact numbers. */
export function pointAt(row, desk) {
  row.box.addEventListener("pointermove", (event) => {
    const point = row.at(event, desk.state);
    const { exact, state } = desk;
    const cell = cellUnder(row.lane, state, point);
    const say = (value) => desk.say(wordsAt(row.lane, state, point.seconds, point.yShare, point.special, row.width, value));
    say(exact.known(cell));
    exact.rest(cell, say);
  });
  row.box.addEventListener("pointerleave", () => {
    desk.exact.leave();
    desk.say("");
  });
  row.box.addEventListener("pointerdown", (event) => press(row, desk, event));
  row.box.addEventListener("wheel", (event) => wheel(row, desk, event), { passive: false });
}

/** Let the clock row be pointed at: it says which windows hold a moment, and a click goes there. */
export function pointAtRuler(ruler, desk) {
  const secondsAt = (event) => {
    const box = ruler.root.getBoundingClientRect();
    return desk.state.view.toS(event.clientX - box.left, box.width);
  };
  ruler.root.addEventListener("pointermove", (event) => {
    const seconds = secondsAt(event);
    desk.say([`${clock(seconds, 0.01)} s`, windowWords(desk.state.windows, seconds)].filter(Boolean).join(", "));
  });
  ruler.root.addEventListener("pointerleave", () => desk.say(""));
  ruler.root.addEventListener("click", (event) => desk.goTo(secondsAt(event)));
}

/** From the press to the release: a drag selects, anything shorter is a click. */
function press(row, desk, down) {
  if (down.button > 0) return;
  desk.root.focus({ preventScroll: true });
  const from = row.at(down, desk.state);
  const far = (event) => Math.abs(event.clientX - down.clientX) >= DRAG_PX;
  const moved = (event) => {
    if (!far(event)) return;
    const { durationS } = desk.state.view;
    const ends = [from.seconds, row.at(event, desk.state).seconds].map((at) => Math.min(durationS, Math.max(0, at)));
    desk.state.loop = [Math.min(...ends), Math.max(...ends)];
    desk.frame();
  };
  const up = (event) => {
    for (const [what, act] of [["pointermove", moved], ["pointerup", up], ["pointercancel", up]]) window.removeEventListener(what, act);
    if (event.type === "pointercancel") return;
    if (far(event)) desk.select();
    else desk.click(row, { ...from, seconds: markedAt(row, desk, from.seconds) });
  };
  for (const [what, act] of [["pointermove", moved], ["pointerup", up], ["pointercancel", up]]) window.addEventListener(what, act);
}

/** On a mark, where it begins; elsewhere the moment itself. */
function markedAt(row, { state }, seconds) {
  if (row.lane.kind !== "marks") return seconds;
  const set = setOf(row.lane, state.layer, state.head);
  return (set && markAt(set.marks, seconds, state.view, row.width)?.startS) ?? seconds;
}

/** With ctrl it zooms about the pointer, sideways or with shift it pans; else the page scrolls. */
function wheel(row, desk, event) {
  if (!event.ctrlKey && !event.shiftKey && Math.abs(event.deltaY) > Math.abs(event.deltaX)) return; // the page scrolls
  event.preventDefault();
  const { view } = desk.state;
  if (event.ctrlKey) view.zoom(WHEEL ** event.deltaY, row.at(event, desk.state).seconds);
  else view.pan(((event.deltaX || event.deltaY) / row.width) * view.spanS);
  desk.viewed();
}

/** What is heard of a moment: some tenths of a second around it, within the clip. */
export function around(seconds, durationS) {
  const startS = Math.min(Math.max(0, seconds - HEARD_S / 2), Math.max(0, durationS - HEARD_S));
  return { startS, endS: Math.min(durationS, startS + HEARD_S) };
}
