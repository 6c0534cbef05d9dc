import assert from "node:assert/strict";
import { test } from "node:test";
import { Exact, RESTS_MS, bytesBetween } from "../../app/kit/desk/frontend/exact.js";
import { cellUnder, wordsAt } from "../../app/kit/desk/frontend/lanes.js";
import { View } from "../../app/kit/desk/frontend/view.js";

const numbers = new Float32Array([0.1234, 0.5, 0.25, 1e-4]);
const piece = { startS: 0, endS: 4, columns: 2, data: [0, 255, 128, 0], exact: { at: 0, n: 4, type: "f32" } };
const lane = { kind: "image", by: "", unit: "of 1", low: 0, high: 0.5, yTime: "", sets: { "": { levels: [{ rows: 2, pieces: [piece] }] } } };
const state = { layer: 1, head: 0, view: new View(4), numbers: (ref) => ref };

test("of a level it is said that it is rounded; of a number that was read it is not", () => {
  assert.equal(wordsAt(lane, state, 3, 0.9), "3.00 s: ≈ 0.00 of 1");
  const far = { ...lane, sets: { "": { levels: [{ rows: 2, pieces: [{ ...piece, exact: null }] }] } } }; // nothing more will be known of it
  assert.equal(wordsAt(far, state, 3, 0.9), "3.00 s: ≈ 0.00 of 1 (approximate: a small picture; exact near the playhead)");
  assert.equal(wordsAt(lane, state, 3, 0.9, null, 1000, numbers[3]), "3.00 s: 0.000100 of 1");
});

test("the number of a cell is read once the pointer rests on it, by its four bytes, and is known from then on", async () => {
  const asked = [];
  const read = async (url, from, until) => {
    asked.push([url, from, until]);
    return numbers.buffer.slice(from, until);
  };
  const waiting = [];
  const exact = new Exact(read, (then, ms) => waiting.push({ then, ms }), () => waiting.splice(0));
  exact.show("/numbers");
  const heard = [];
  const [first, last] = [cellUnder(lane, state, { seconds: 1, yShare: 0.2 }), cellUnder(lane, state, { seconds: 3, yShare: 0.9 })];
  exact.rest(first, (value) => heard.push(value));
  exact.rest(last, (value) => heard.push(value)); // the pointer went on
  assert.deepEqual(waiting.map(({ ms }) => ms), [RESTS_MS]);
  await waiting[0].then();
  assert.deepEqual(asked, [["/numbers", 12, 16]]);
  assert.deepEqual(heard, [numbers[3]]);
  assert.deepEqual([exact.known(last), exact.known(first), exact.known(null)], [numbers[3], null, null]);
  exact.rest(last, () => assert.fail("it is known"));
  assert.equal(waiting.length, 0);
});

test("an answer that comes too late, or about what is drawn no more, is not said", async () => {
  const waiting = [];
  const exact = new Exact(async (_, from, until) => numbers.buffer.slice(from, until), (then) => waiting.push(then), () => {});
  exact.show("/numbers");
  const cell = cellUnder(lane, state, { seconds: 1, yShare: 0.2 });
  exact.rest(cell, () => assert.fail("the pointer had left"));
  exact.leave();
  await waiting[0]();
  exact.rest(cell, () => assert.fail("something else is drawn"));
  exact.show("/others");
  await waiting[1]();
  exact.show(undefined);
  exact.rest(cell, () => assert.fail("there are none"));
  assert.equal(waiting.length, 2);
});

test("a server that sends the whole file in place of a part is understood", async () => {
  const answer = (status, body) => async (_url, { headers }) => {
    assert.equal(headers.Range, "bytes=4-7");
    return { ok: true, status, arrayBuffer: async () => body };
  };
  const before = globalThis.fetch;
  for (const [status, body] of [[206, numbers.buffer.slice(4, 8)], [200, numbers.buffer]]) {
    globalThis.fetch = answer(status, body);
    assert.equal(new DataView(await bytesBetween("/numbers", 4, 8)).getFloat32(0, true), 0.5);
  }
  globalThis.fetch = before;
});
