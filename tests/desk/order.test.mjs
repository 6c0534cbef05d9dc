import assert from "node:assert/strict";
import { test } from "node:test";
import { HIGHEST_PX, LOWEST_PX, allowed } from "../../app/kit/desk/frontend/grip.js";
import { Live } from "../../app/kit/desk/frontend/live.js";
import { entryOf, moved, readEntry } from "../../app/kit/desk/frontend/order.js";
import { Placing, thousandth } from "../../app/kit/desk/frontend/placing.js";

test("an entry is a lane, with its height where it is not the lane's own", () => {
  assert.deepEqual(readEntry("mel"), { id: "mel", height: null });
  assert.deepEqual(readEntry("mel:200"), { id: "mel", height: 200 });
  assert.deepEqual(readEntry("mel:tall"), { id: "mel", height: null });
  assert.equal(entryOf("mel", 200, 120), "mel:200");
  assert.equal(entryOf("mel", 120, 120), "mel");
});

test("a lane moves up, down, and away, and keeps its height", () => {
  const order = ["a", "b:90", "c"];
  assert.deepEqual(moved(order, "b", -1), ["b:90", "a", "c"]);
  assert.deepEqual(moved(order, "b", 1), ["a", "c", "b:90"]);
  assert.deepEqual(moved(order, "a", -1), ["a", "b:90", "c"]);
  assert.deepEqual(moved(order, "b", 0), ["a", "c"]);
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
