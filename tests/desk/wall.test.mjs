import assert from "node:assert/strict";
import { test } from "node:test";
import { headWords, neighbour, sameWall, wallCaption } from "../../app/kit/desk/frontend/wall.js";

const wall = {
  layers: [1, 2], layerNames: ["Layer 1", "Layer 2"], heads: [1, 2, 3], rows: 1, columns: 1, low: 0, high: 0.25, unit: "of 1",
  what: "keys to the right", colours: "viridis", scoreName: "locked to onsets", side: "", levels: [0, 1, 2, 3, 4, 5],
  entropy: [1, 2, 3, 4, 5, 6.125], distance: [0, 0, 0, 0, 0, 0.8125], scores: [0, 0, 0, 0, 0, 0.75], nulls: [0, 0, 0, 0, 0, 0.5],
};

test("a head is said with its numbers and their units", () => {
  const words = "Layer 2, head 3: entropy 6.13 bits; mean distance 0.813 s; locked to onsets 0.75 of 1, where there is nothing 0.50";
  assert.equal(headWords(wall, 1, 2), words);
  assert.equal(headWords({ ...wall, scores: null }, 0, 1), "Layer 1, head 2: entropy 2.00 bits; mean distance 0.00 s");
});

test("arrows stay inside the wall", () => {
  assert.deepEqual(neighbour("ArrowRight", 0, 0, 2, 3), [0, 1]);
  assert.deepEqual(neighbour("ArrowRight", 0, 2, 2, 3), [0, 2]);
  assert.deepEqual(neighbour("ArrowUp", 1, 2, 2, 3), [0, 2]);
  assert.deepEqual(neighbour("ArrowDown", 1, 2, 2, 3), [1, 2]);
  assert.deepEqual(neighbour("End", 1, 0, 2, 3), [1, 2]);
  assert.deepEqual(neighbour("Home", 1, 2, 2, 3), [1, 0]);
  assert.equal(neighbour("l", 0, 0, 2, 3), null);
});

test("the one scale of all heads is stated, and what a bar is only where there are bars", () => {
  assert.match(wallCaption(wall), /^Colour: 0 to 0\.25 of 1, the same for all heads; keys to the right\. .*bar: locked to onsets/);
  assert.doesNotMatch(wallCaption({ ...wall, scoreName: "" }), /bar/);
});

test("a wall that was sent again is the same one, another is not", () => {
  assert.equal(sameWall(wall, { ...wall, levels: [...wall.levels] }), true);
  assert.equal(sameWall(wall, { ...wall, levels: [9, 1, 2, 3, 4, 5] }), false);
  assert.equal(sameWall(wall, { ...wall, scores: null }), false);
  assert.equal(sameWall(wall, { ...wall, high: 0.5 }), false);
});
