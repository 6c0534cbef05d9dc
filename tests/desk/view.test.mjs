import assert from "node:assert/strict";
import { test } from "node:test";
import { View, clock, ticks, numberWords } from "../../app/kit/desk/frontend/view.js";

test("seconds and pixels are each other's inverse, and the whole clip fits at first", () => {
  const view = new View(30);
  assert.deepEqual([view.startS, view.endS], [0, 30]);
  assert.equal(view.toX(15, 600), 300);
  for (const x of [0, 1, 299.5, 600]) assert.ok(Math.abs(view.toX(view.toS(x, 600), 600) - x) < 1e-9);
});

test("zooming keeps the moment under the pointer where it is", () => {
  const view = new View(30);
  const before = view.toX(10, 900);
  view.zoom(0.5, 10);
  assert.ok(Math.abs(view.toX(10, 900) - before) < 1e-9);
  assert.equal(view.spanS, 15);
});

test("the view never leaves the clip, however far one zooms or pans", () => {
  const view = new View(30);
  view.zoom(100, 3);
  assert.deepEqual([view.startS, view.endS], [0, 30]);
  view.zoom(0.1, 29);
  view.pan(100);
  assert.equal(view.endS, 30);
  view.pan(-1000);
  assert.equal(view.startS, 0);
  view.zoom(1e-9, 5);
  assert.ok(view.spanS >= 0.02 - 1e-12);
});

test("a page is turned where the playhead has left it", () => {
  const view = new View(30);
  view.show(5, 10);
  assert.equal(view.follow(7), false);
  assert.equal(view.follow(11), true);
  assert.deepEqual([view.startS, view.endS], [11, 16]);
});

test("ticks are times that a person would choose, all inside, and no more than asked for", () => {
  for (const [from, to, most] of [[0, 30, 10], [1.23, 1.31, 8], [0, 600, 6], [12.5, 80, 12]]) {
    const { step, at } = ticks(from, to, most);
    assert.ok(at.length <= most + 1 && at.length >= 2, `${at}`);
    assert.ok(at.every((one) => one >= from - 1e-6 && one <= to + 1e-6));
    for (let i = 1; i < at.length; i += 1) assert.ok(Math.abs(at[i] - at[i - 1] - step) < 1e-9);
  }
});

test("moments are said as on a clock", () => {
  assert.equal(clock(3.5, 0.5), "3.5");
  assert.equal(clock(65, 1), "1:05");
  assert.equal(clock(59.999, 0.01), "60.00");
  assert.equal(clock(125.25, 0.01), "2:05.25");
});

test("numbers below zero have a minus sign, also in their exponent", () => {
  assert.deepEqual([-0.031, 1.5, 2.5e-9].map(numberWords), ["−0.0310", "1.50", "2.50e−9"]);
});
