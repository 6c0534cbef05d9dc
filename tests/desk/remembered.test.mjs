import assert from "node:assert/strict";
import { test } from "node:test";
import { KEPT_AS, recall } from "../../app/kit/desk/frontend/remembered.js";

const key = (digit) => String(digit).repeat(64);

/** What a browser keeps for a page. */
function storage(text = null) {
  const kept = new Map(text === null ? [] : [[KEPT_AS, text]]);
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), keys: () => JSON.parse(kept.get(KEPT_AS)) };
}

/** Recall what a browser keeps, and what was told of it. */
function told(opened, desk, store) {
  const heard = [];
  recall(opened, desk, (...words) => heard.push(words), store);
  return heard;
}

test("recordings of an earlier visit are told once, and the last ones opened are kept first", () => {
  const [desk, store] = [{}, storage(JSON.stringify([key(1), key(2)]))];
  assert.deepEqual(told([key(2)], desk, store), [["recent", [key(1), key(2)]]]);
  assert.deepEqual(store.keys(), [key(2), key(1)]);
  assert.deepEqual(told([key(2)], desk, store), []); // also where the store has lost one
  assert.deepEqual(told([key(2), key(1)], {}, store), []); // nothing that is not known
});

test("no more than eight are kept, and nothing but keys", () => {
  const store = storage(JSON.stringify(["../etc", 5, ...Array.from({ length: 9 }, (_, i) => key(i))]));
  const [[, keys]] = told([], {}, store);
  assert.deepEqual(keys, Array.from({ length: 8 }, (_, i) => key(i)));
  told([key("a")], {}, store);
  assert.deepEqual(store.keys(), [key("a"), ...Array.from({ length: 7 }, (_, i) => key(i))]);
});

test("a browser that keeps nothing, or something else, takes nothing away", () => {
  const refuses = { getItem() { throw new Error("SecurityError"); }, setItem() { throw new Error("QuotaExceededError"); } };
  assert.deepEqual(told([key(1)], {}, refuses), []);
  assert.deepEqual(told([], {}, storage("{not json")), []);
  assert.deepEqual(told([], {}, storage('{"a": 1}')), []);
  assert.deepEqual(told(undefined, {}, storage()), []);
});
