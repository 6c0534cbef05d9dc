import assert from "node:assert/strict";
import { test } from "node:test";
import { HIGHEST_PX, LOWEST_PX, allowed } from "../../app/kit/desk/frontend/grip.js";
import { Live } from "../../app/kit/desk/frontend/live.js";
import { completed, entryOf, moved, readEntry, withHidden } from "../../app/kit/desk/frontend/order.js";
import { Placing, thousandth } from "../../app/kit/desk/frontend/placing.js";

test("an entry is a lane, with its height where it is not the lane's own, and a sign where it is hidden", () => {
  assert.deepEqual(readEntry("mel"), { id: "mel", height: null, hidden: false });
  assert.deepEqual(readEntry("mel:200"), { id: "mel", height: 200, hidden: false });
  assert.deepEqual(readEntry("-mel:200"), { id: "mel", height: 200, hidden: true });
  assert.deepEqual(readEntry("mel:tall"), { id: "mel", height: null, hidden: false });
  assert.deepEqual(["mel:99999", "mel:-7"].map((entry) => readEntry(entry).height), [HIGHEST_PX, LOWEST_PX]);
  assert.equal(entryOf("mel", 200, 120), "mel:200");
  assert.equal(entryOf("mel", 120, 120), "mel");
});

test("a lane moves past the next one that is seen, is hidden where it stands, and keeps its height", () => {
  const order = ["a", "b:90", "-c", "d"];
  assert.deepEqual(moved(order, "b", -1), ["b:90", "a", "-c", "d"]);
  assert.deepEqual(moved(order, "b", 1), ["a", "-c", "d", "b:90"]);
  assert.deepEqual(moved(order, "d", -1), ["a", "d", "b:90", "-c"]);
  assert.deepEqual(moved(order, "a", -1), order);
  assert.deepEqual(moved(order, "d", 1), order);
  assert.deepEqual(moved(["a", "away", "b"], "b", -1, new Set(["a", "b"])), ["b", "a", "away"]); // what is not drawn is not seen
  assert.deepEqual(moved(["away", "b"], "b", -1, new Set(["b"])), ["away", "b"]);
  assert.deepEqual(withHidden(order, "b", true), ["a", "-b:90", "-c", "d"]);
  assert.deepEqual(withHidden(order, "c", false), ["a", "b:90", "c", "d"]);
  assert.deepEqual(withHidden(order, "c", true), order);
});

test("a lane of which nothing was said stands after the one that it follows, and what is not there yet keeps its entry", () => {
  assert.deepEqual(completed([], ["a", "b"]), ["a", "b"]);
  assert.deepEqual(completed(["c", "-a"], ["a", "b", "c", "d"]), ["c", "d", "-a", "b"]);
  assert.deepEqual(completed(["-a", "-b"], ["n", "a", "b"]), ["n", "-a", "-b"]);
  assert.deepEqual(completed(["-later", "a:90"], ["a"]), ["-later", "a:90"]);
});

test("no lane is too low to be seen or higher than a screen", () => {
  assert.deepEqual([0, 99.6, 9999].map(allowed), [LOWEST_PX, 100, HIGHEST_PX]);
});

/** A clock that is moved by hand. */
function clockOf() {
  const waiting = new Map();
  let number = 0;
  const wait = (then, ms) => {
    number += 1;
    waiting.set(number, { then, ms });
    return number;
  };
  const pass = (ms) => {
    for (const [id, one] of [...waiting]) {
      one.ms -= ms;
      if (one.ms <= 0 && waiting.delete(id)) one.then();
    }
  };
  return { wait, pass, forget: (id) => waiting.delete(id) };
}

test("Python is told at once of what was chosen, of a moved view when it rests, of nothing while it plays", () => {
  const { wait, pass, forget } = clockOf();
  const heard = [];
  const now = { at: 0, playing: false };
  const placing = new Placing(() => ({ at: now.at }), (place) => heard.push(place.at), () => now.playing, wait, forget);
  placing.now();
  assert.deepEqual(heard, [0]);
  for (now.at = 1; now.at < 9; now.at += 1) {
    placing.soon();
    pass(300);
  }
  assert.deepEqual(heard, [0]);
  pass(100);
  assert.deepEqual(heard, [0, 9]);
  placing.soon();
  pass(400);
  assert.deepEqual(heard, [0, 9]); // the same place is not told twice
  [now.at, now.playing] = [10, true];
  placing.soon();
  pass(4000);
  assert.deepEqual(heard, [0, 9]);
  now.playing = false;
  placing.soon(); // as when it stops
  pass(400);
  assert.deepEqual(heard, [0, 9, 10]);
});

test("seconds are told to a thousandth", () => {
  assert.equal(thousandth(1.23456), 1.235);
});

test("what the pointer says is read aloud only once it rests, and not twice", () => {
  const { wait, pass, forget } = clockOf();
  const region = { writes: 0, text: "" };
  Object.defineProperty(region, "textContent", {
    get: () => region.text,
    set: (text) => {
      region.text = text;
      region.writes += 1;
    },
  });
  const live = new Live(region, wait, forget);
  for (const text of ["1 s", "2 s", "3 s"]) {
    live.say(text);
    pass(100);
  }
  assert.equal(region.writes, 0);
  pass(700);
  assert.equal(region.text, "3 s");
  live.say("3 s");
  pass(700);
  live.say("");
  pass(700);
  assert.equal(region.writes, 1);
});
