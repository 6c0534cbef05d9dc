import assert from "node:assert/strict";
import { test } from "node:test";
import { wordsAt } from "../../app/kit/desk/frontend/lanes.js";
import { drawMarks, markAt, strideOf } from "../../app/kit/desk/frontend/marks.js";
import { coloursOf } from "../../app/kit/desk/frontend/theme.js";
import { View } from "../../app/kit/desk/frontend/view.js";

const beats = Array.from({ length: 400 }, (_, i) => ({ startS: i / 2, endS: null, text: i % 4 ? "" : "1", kind: "beat" }));
const chords = [{ startS: 0, endS: 2, text: "C", kind: "chord" }, { startS: 2, endS: 4, text: "Am", kind: "chord" }];

test("dense moments thin out, by a power of two that does not depend on where the view is", () => {
  const view = new View(200);
  assert.equal(strideOf(beats, view, 1000), 2); // 2.5 pixels apart
  assert.equal(strideOf(beats, view, 100), 32);
  view.show(10, 20);
  assert.equal(strideOf(beats, view, 1000), 1);
  assert.equal(strideOf(chords, view, 10), 1);
});

test("fewer lines are drawn when zoomed out", () => {
  const lines = (view) => {
    let count = 0;
    const context = { fillRect: () => (count += 1), fillText() {}, measureText: () => ({ width: 8 }) };
    drawMarks(context, {}, { marks: beats }, view, 1000, 40, null, { text: "#000", line: "#888" });
    return count;
  };
  assert.equal(lines(new View(200)), 200);
  const near = new View(200);
  near.show(0, 9.9);
  assert.equal(lines(near), 20);
});

test("a stretch is under every point of it, a moment within six pixels", () => {
  const view = new View(200);
  view.show(0, 10);
  assert.equal(markAt(chords, 1.9, view, 1000).text, "C");
  assert.equal(markAt(chords, 2, view, 1000).text, "Am");
  assert.equal(markAt(chords, 5, view, 1000), null);
  assert.equal(markAt(beats, 2.05, view, 1000).startS, 2);
  assert.equal(markAt(beats, 2.2, view, 1000), null);
});

test("hovering says what it is called and when", () => {
  const lane = { kind: "marks", by: "", yTime: "", sets: { "": { marks: chords } } };
  const state = { layer: 1, head: 0, view: new View(10) };
  assert.equal(wordsAt(lane, state, 3, 0.5), "2.00–4.00 s: chord Am");
  assert.equal(wordsAt(lane, state, 5, 0.5), "5.00 s");
});

test("names keep the colour that they have on all pages, others take the next", () => {
  const colours = coloursOf(["mine", "audio", "mine", "yours", "MIDI"], "#123456");
  assert.deepEqual([...colours], [["mine", "#56b4e9"], ["audio", "#0072b2"], ["yours", "#123456"], ["MIDI", "#d55e00"]]);
});
