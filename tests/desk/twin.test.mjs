import assert from "node:assert/strict";
import { test } from "node:test";
import { tableOf } from "../../app/kit/desk/frontend/twin.js";
import { View } from "../../app/kit/desk/frontend/view.js";

const state = (view, layer = 1) => ({ layer, head: 0, view, numbers: (ref) => ref });
const piece = (startS, endS, columns, data) => ({ startS, endS, columns, data });

test("the largest cells in view, with the moments of query and key", () => {
  const lane = {
    kind: "image", title: "Attention", by: "head", unit: "of 1", low: 0, high: 0.5, yTime: "window", durationS: 8, specialNames: ["class token"],
    sets: { "1.0": {
      levels: [{ rows: 2, pieces: [piece(0, 4, 2, [0, 51, 102, 153]), piece(4, 8, 2, [204, 255, 0, 0])] }],
      special: [{ rows: 1, pieces: [piece(4, 8, 2, [250, 0])] }],
    } },
  }; // prettier-ignore
  const all = tableOf(lane, state(new View(8)));
  assert.deepEqual(all.columns, ["query (s)", "key (s)", "value (of 1)"]);
  assert.deepEqual(all.rows.slice(0, 3), [["7.000", "7.000", "0.500"], ["class token", "5.000", "0.490"], ["7.000", "5.000", "0.400"]]);
  assert.equal(all.caption, "Attention: the 10 largest of 10 cells in view, to 1/255 of the range of colours");
  const view = new View(8);
  view.show(0, 4);
  assert.deepEqual(tableOf(lane, state(view)).rows[0], ["1.000", "3.000", "0.300"]);
  view.show(0, 1.9);
  assert.deepEqual(tableOf(lane, state(view)).rows, [["1.000", "1.000", "0.200"], ["3.000", "1.000", "0.00"]]);
  assert.equal(tableOf(lane, state(view, 9)), null);
});

test("no table has more than forty rows, and those it has are of the view", () => {
  const size = 100;
  const image = {
    kind: "image", title: "Similarity", by: "", unit: "", low: 0, high: 1, yTime: "clip", durationS: 10,
    sets: { "": { levels: [{ rows: size, pieces: [piece(0, 10, size, Array.from({ length: size * size }, (_, i) => i % 256))] }] } },
  }; // prettier-ignore
  const notes = { kind: "notes", title: "Notes", unit: "MIDI pitch", by: "", sets: { "": {
    onsets: Array.from({ length: 99 }, (_, i) => i / 10), offsets: Array.from({ length: 99 }, (_, i) => (i + 1) / 10), pitches: new Array(99).fill(60),
  } } }; // prettier-ignore
  for (const lane of [image, notes]) assert.equal(tableOf(lane, state(new View(10))).rows.length, 40);
  const view = new View(10);
  view.show(5.02, 5.18);
  assert.deepEqual(tableOf(notes, state(view)).rows, [["5.000", "5.100", "60"], ["5.100", "5.200", "60"]]);
});

test("of many rows the largest is named at every time, of few all stand side by side", () => {
  const lane = (rows) => ({
    kind: "image", title: "Mel", by: "", unit: "dB", low: 0, high: 255, yTime: "", durationS: 4, rowNames: Array.from({ length: rows }, (_, i) => `band ${i}`),
    sets: { "": { levels: [{ rows, pieces: [piece(0, 4, 2, Array.from({ length: 2 * rows }, (_, i) => i))] }] } },
  }); // prettier-ignore
  const many = tableOf(lane(20), state(new View(4)));
  assert.deepEqual([many.rows.length, many.columns, many.rows[0]], [40, ["time (s)", "row", "value (dB)"], ["0.050", "band 19", "38.0"]]);
  const few = tableOf(lane(2), state(new View(4)));
  assert.deepEqual([few.columns, few.rows[39]], [["time (s)", "band 0", "band 1"], ["3.950", "1.00", "3.00"]]);
});

test("curves, samples and marks with their units", () => {
  const curve = { kind: "curves", title: "Received", unit: "× uniform", by: "", low: 0, sets: { "": { high: 2, series: [{ name: "trained", times: [0, 2, 4], values: [1, 2, 3] }] } } };
  const received = tableOf(curve, state(new View(4)));
  assert.deepEqual([received.columns, received.rows[0], received.rows[39]], [["time (s)", "trained (× uniform)"], ["0.050", "2.00"], ["3.950", "3.00"]]);
  const wave = { kind: "wave", title: "Waveform", by: "", sets: { "": { levels: [{ stepS: 0.05, low: new Array(80).fill(-127), high: new Array(80).fill(64) }] } } };
  const samples = tableOf(wave, state(new View(4)));
  assert.deepEqual([samples.rows.length, samples.rows[1]], [40, ["0.100", "0.200", "−1.00", "0.50"]]);
  const marks = { kind: "marks", title: "Chords", by: "", sets: { "": { marks: [{ startS: 0, endS: 2, text: "C", kind: "chord" }, { startS: 3, endS: null, text: "x" }] } } };
  assert.deepEqual(tableOf(marks, state(new View(4))).rows, [["0.000", "2.000", "chord", "C"], ["3.000", "", "", "x"]]);
});
