import assert from "node:assert/strict";
import { test } from "node:test";
import { areasOf, whereAt } from "../../app/kit/desk/frontend/geometry.js";
import { momentsAt, setOf, wordsAt, yShareOf } from "../../app/kit/desk/frontend/lanes.js";
import { View } from "../../app/kit/desk/frontend/view.js";

const piece = (startS, endS, columns, data) => ({ startS, endS, columns, data });
const lane = {
  id: "attention", kind: "image", by: "head", unit: "", low: 0, high: 1, yTime: "window", durationS: 8, title: "Attention",
  specialNames: ["class token", "other token"],
  sets: {
    "1.0": {
      levels: [{ rows: 2, pieces: [piece(4, 8, 2, [0, 51, 102, 255])] }],
      special: [{ rows: 2, pieces: [piece(4, 8, 2, [255, 51, 102, 0])] }],
    },
  },
};
const state = { layer: 1, head: 0, numbers: (ref) => ref, view: new View(8) };

test("rows that are no moment stand above those that are, with a gap that belongs to neither", () => {
  const { special, main } = areasOf(lane, 200);
  assert.ok(special.top + special.height < main.top);
  assert.equal(main.top + main.height, 200);
  assert.deepEqual(whereAt(lane, 1, 200), { special: 0, yShare: null });
  assert.deepEqual(whereAt(lane, special.height - 1, 200), { special: 1, yShare: null });
  assert.deepEqual(whereAt(lane, special.height + 2, 200), { special: null, yShare: null });
  assert.deepEqual(whereAt(lane, main.top, 200), { special: null, yShare: 0 });
  assert.deepEqual(whereAt(lane, 999, 200), { special: null, yShare: 1 });
});

test("a lane without them is all time", () => {
  assert.deepEqual(areasOf({ kind: "wave" }, 80).main, { top: 0, height: 80 });
  assert.deepEqual(whereAt({ kind: "wave" }, 40, 80), { special: null, yShare: 0.5 });
});

test("they are named, and are never a moment of a query", () => {
  assert.equal(momentsAt(lane, setOf(lane, 1, 0), 5, null), null);
  assert.equal(wordsAt(lane, state, 5, null, 0), "query class token, key 5.00 s: ≈ 1.00");
  assert.equal(wordsAt(lane, state, 7, null, 1), "query other token, key 7.00 s: ≈ 0.00");
  assert.equal(wordsAt(lane, state, 5, null, null), "5.00 s");
});

test("a cell stands at the height of its query", () => {
  const set = setOf(lane, 1, 0);
  assert.equal(yShareOf(lane, set, { queryS: 7, keyS: 5 }), 0.25);
  assert.equal(yShareOf(lane, set, { queryS: 7, keyS: 9 }), null);
  assert.equal(yShareOf({ ...lane, yTime: "clip" }, null, { queryS: 6, keyS: 1 }), 0.25);
});
