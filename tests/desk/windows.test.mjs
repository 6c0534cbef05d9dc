import assert from "node:assert/strict";
import { test } from "node:test";
import { View } from "../../app/kit/desk/frontend/view.js";
import { drawBrackets, drawWindowsOver, lastEndOf, rowCount, rowsOf, windowStride, windowWords, windowsAt, windowsOver } from "../../app/kit/desk/frontend/windows.js";

const halves = [[0, 4, null], [2, 6, null], [4, 8, null], [6, 10, 9]];

/** A context that remembers what it was asked. */
function recorder() {
  const done = [];
  const context = new Proxy({ canvas: { width: 900 } }, {
    get: (target, name) => target[name] ?? ((...values) => done.push([name, ...values])),
    set: () => true,
  });
  return { context, done, of: (name) => done.filter(([what]) => what === name) };
}

test("windows that overlap stand in different rows, those that do not in one", () => {
  assert.deepEqual(rowsOf(halves), [0, 1, 0, 1]);
  assert.equal(rowCount(halves), 2);
  assert.equal(rowCount([[0, 4, null], [4, 8, null]]), 1);
  assert.equal(rowCount([]), 0);
  assert.deepEqual(rowsOf([[0, 9, null], [1, 9, null], [2, 9, null], [3, 9, null]]), [0, 1, 2, 2]);
});

test("brackets stay apart however many windows there are", () => {
  const many = Array.from({ length: 600 }, (_, i) => [i, i + 4, null]);
  const view = new View(603);
  const stride = windowStride(many, view, 900);
  assert.ok((stride / view.spanS) * 900 >= 6);
  assert.equal(Math.log2(stride) % 1, 0);
  view.show(0, 10);
  assert.equal(windowStride(many, view, 900), 1);
});

test("a moment knows the windows that hold it", () => {
  assert.deepEqual(windowsAt(halves, 5), [2, 3]);
  assert.deepEqual(windowsAt(halves, 11), []);
  assert.equal(windowWords(halves, 5), "in windows 2, 3 of 4");
  assert.equal(windowWords(halves, 9.5), "in window 4 of 4, padding");
  assert.equal(windowWords(halves, 11), "");
  assert.equal(lastEndOf(halves), 10);
  assert.equal(lastEndOf([]), 0);
});

test("only padding is hatched, from where the sound ends", () => {
  const ruler = recorder();
  drawBrackets(ruler.context, halves, new View(9, 10), 900, 24, 8, {});
  assert.equal(ruler.of("clip").length, 1);
  const [[, left, top]] = ruler.of("rect");
  assert.ok(Math.abs(left - (9 / 9.9) * 900) < 1e-9);
  assert.equal(top, 32); // the second row
  const lane = recorder();
  drawWindowsOver(lane.context, halves, new View(9, 10), 900, 80, {});
  assert.equal(lane.of("clip").length, 1);
  assert.equal(lane.of("fillRect").length, 8); // both ends of each
  const sound = recorder();
  drawWindowsOver(sound.context, halves.slice(0, 3), new View(9), 900, 80, {});
  assert.equal(sound.of("clip").length, 0);
});

test("what lies after the clip is seen to a tenth, and all of it when zooming out", () => {
  const view = new View(9, 12);
  assert.ok(Math.abs(view.endS - 9.9) < 1e-9);
  view.zoom(4, 5);
  assert.deepEqual([view.startS, view.endS], [0, 12]);
  view.fit();
  assert.ok(Math.abs(view.endS - 9.9) < 1e-9);
});

test("when windows come later, who saw the whole clip sees it whole again, and others stay where they are", () => {
  const view = new View(9);
  view.reach(12);
  assert.ok(Math.abs(view.endS - 9.9) < 1e-9);
  view.show(2, 4);
  view.reach(10);
  assert.deepEqual([view.startS, view.endS, view.limitS], [2, 4, 10]);
  view.fit();
  view.reach(0);
  assert.deepEqual([view.startS, view.endS], [0, 9]);
});

test("a lane of a second recording has the windows of its own recording, or none where none were sent", () => {
  const own = [[0, 3, 2.5]];
  assert.equal(windowsOver({ ofModel: true, windows: null }, halves), halves);
  assert.equal(windowsOver({ ofModel: true, windows: own }, halves), own);
  assert.deepEqual(windowsOver({ ofModel: true, windows: [] }, halves), []);
  assert.deepEqual(windowsOver({ ofModel: false, windows: null }, halves), []);
});
