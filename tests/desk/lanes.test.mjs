import assert from "node:assert/strict";
import { test } from "node:test";
import { unpack } from "../../app/kit/desk/frontend/bytes.js";
import { table, valueOf } from "../../app/kit/desk/frontend/colours.js";
import { cellAt, levelFor } from "../../app/kit/desk/frontend/image.js";
import { SHEET, actionOf } from "../../app/kit/desk/frontend/keys.js";
import { momentsAt, momentsHeard, setOf, wordsAt, yShareOf } from "../../app/kit/desk/frontend/lanes.js";
import { columnsOf, drawCurves, firstAtOrAfter, placesInView } from "../../app/kit/desk/frontend/lines.js";
import { View } from "../../app/kit/desk/frontend/view.js";

const piece = (startS, endS, columns, data) => ({ startS, endS, columns, data });
const numbers = (ref) => ref;
const attention = {
  id: "attention", kind: "image", by: "head", unit: "of 1", low: 0, high: 0.5, yTime: "window", durationS: 8,
  sets: { "1.0": { levels: [{ rows: 2, pieces: [piece(0, 4, 2, [0, 51, 102, 153]), piece(4, 8, 2, [204, 255, 0, 0])] }] } },
};

test("a cell knows its value and its moments, in the window it is of", () => {
  const set = setOf(attention, 1, 0);
  assert.equal(cellAt(set, 3, 0.1, numbers, attention).value, 0.1);
  assert.equal(cellAt(set, 7.9, 0.1, numbers, attention).value, 0.5);
  assert.deepEqual(momentsAt(attention, set, 7, 0.25), { queryS: 7, keyS: 7 });
  assert.equal(momentsAt(attention, set, 9, 0.25), null);
  assert.equal(wordsAt(attention, { layer: 1, head: 0, numbers }, 3, 0.75), "query 1.00 s, key 3.00 s: ≈ 0.300 of 1");
});

test("a layer or head that was not sent has no set", () => {
  assert.equal(setOf(attention, 2, 0), null);
  assert.equal(setOf({ ...attention, by: "" }, 1, 0), null);
});

test("on a self-similarity both moments are of the clip", () => {
  const lane = { ...attention, yTime: "clip" };
  assert.deepEqual(momentsAt(lane, {}, 2, 0.75), { queryS: 2, keyS: 2 });
  assert.deepEqual([-0.5, 8.5].map((seconds) => momentsAt(lane, {}, seconds, 0.75)), [null, null]); // before and after its recording
});

test("a cell of a recording that the desk does not play is not heard", () => {
  const lane = { ...attention, yTime: "clip" };
  assert.deepEqual(momentsHeard({ ...lane, heard: true }, {}, 2, 0.75), { queryS: 2, keyS: 2 });
  assert.equal(momentsHeard({ ...lane, heard: false }, {}, 2, 0.75), null);
  assert.deepEqual(momentsHeard({ ...lane, heard: false }, {}, 2, 0.75, true), { queryS: 2, keyS: 2 }); // a second one can be heard
});

test("of a curve the number at the nearest moment is said, and none where its recording has ended", () => {
  const sets = { "": { high: 9, series: [{ name: "share", times: [1, 2, 3], values: [5, 6, 7] }] } };
  const lane = { kind: "curves", by: "", unit: "of 1", low: 0, durationS: 4, sets };
  const state = { layer: 1, head: 0, numbers };
  assert.equal(wordsAt(lane, state, 2.2, 0.5), "2.20 s: share 6.00 of 1");
  assert.equal(wordsAt(lane, state, 2.7, 0.5), "2.70 s: share 7.00 of 1");
  assert.equal(wordsAt(lane, state, 3.9, 0.5), "3.90 s: share 7.00 of 1");
  assert.equal(wordsAt(lane, state, 4.5, 0.5), "4.50 s");
});

test("the level drawn has a column for every pixel, and no more than it must", () => {
  const levels = [64, 16, 4].map((columns) => ({ pieces: [piece(0, 8, columns, [])] }));
  assert.equal(levelFor(levels, new View(8), 10), levels[1]);
  assert.equal(levelFor(levels, new View(8), 4), levels[2]);
  assert.equal(levelFor(levels, new View(8), 500), levels[0]);
});

test("every piece has the level that it needs, and may have rows of its own", () => {
  const [fine, coarse] = [{ ...piece(0, 4, 64, []), rows: 4 }, { ...piece(4, 8, 8, []), rows: 1 }];
  const levels = [{ rows: 4, pieces: [fine, coarse] }, { rows: 4, pieces: [piece(0, 4, 16, []), piece(4, 8, 2, [])] }];
  assert.deepEqual([0, 1].map((number) => levelFor(levels, new View(8), 16, number)), [levels[1], levels[0]]);
  const set = { levels: [{ rows: 2, pieces: [piece(0, 4, 1, [0, 255]), { ...piece(4, 8, 1, [51]), rows: 1 }] }] };
  const lane = { low: 0, high: 1 };
  assert.deepEqual([0.2, 0.9].map((y) => cellAt(set, 1, y, numbers, lane).value), [0, 1]);
  assert.deepEqual([0.2, 0.9].map((y) => cellAt(set, 5, y, numbers, lane).value), [0.2, 0.2]);
});

test("levels stand for numbers, and the tables are opaque and rise in brightness", () => {
  assert.equal(valueOf(0, -80, 0), -80);
  assert.equal(valueOf(255, -80, 0), 0);
  for (const name of ["viridis", "cividis", "magma"]) {
    const light = [...table(name)].map((rgba) => 0.2126 * (rgba & 255) + 0.7152 * ((rgba >> 8) & 255) + 0.0722 * ((rgba >> 16) & 255));
    assert.equal(table(name).every((rgba) => rgba >>> 24 === 255), true);
    for (let i = 1; i < 256; i += 1) assert.ok(light[i] >= light[i - 1] - 1.01, `${name} ${i}`);
  }
});

test("what was packed is what is read", () => {
  const head = new TextEncoder().encode(JSON.stringify({ lanes: [{ at: 8, n: 2, type: "f32" }] }));
  const begin = Math.ceil((8 + head.length) / 8) * 8;
  const buffer = new ArrayBuffer(begin + 16);
  const bytes = new Uint8Array(buffer);
  bytes.set([79, 84, 68, 49, head.length, 0, 0, 0]);
  bytes.set(head, 8);
  new Float32Array(buffer, begin + 8, 2).set([0.5, -2]);
  const read = unpack(buffer);
  assert.deepEqual([...read.numbers(read.head.lanes[0])], [0.5, -2]);
  assert.throws(() => unpack(new ArrayBuffer(16)), /expected OTD1/);
});

test("keys do what the sheet says, and leave the browser its own", () => {
  const key = (name, more = {}) => actionOf({ key: name, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
  assert.equal(key(" "), "toggle");
  assert.equal(key("ArrowLeft", { shiftKey: true }), "start");
  assert.equal(key("f", { ctrlKey: true }), null);
  assert.equal(key("q"), null);
  assert.equal(key("9"), null);
  assert.equal(key("3"), "variant3");
  assert.equal(key("x", { metaKey: true }), null);
  for (const name of [" ", "f", "l", ",", ".", "[", "]", "?", "Escape", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]) assert.ok(key(name));
  const names = { space: " ", "←": "ArrowLeft", "→": "ArrowRight", "↑": "ArrowUp", "↓": "ArrowDown", esc: "Escape" };
  const all = SHEET.flatMap(([keys]) => keys.split(" ").filter((one) => one !== "shift"));
  for (const one of all) assert.ok(key(names[one] ?? one), one);
});

test("the first time at or after another", () => {
  assert.equal(firstAtOrAfter([1, 2, 4], 2), 1);
  assert.equal(firstAtOrAfter([1, 2, 4], 3), 2);
  assert.equal(firstAtOrAfter([], 3), 0);
});

test("of a curve with many points in a pixel the lowest and the highest of it are drawn, and nothing is torn", () => {
  const times = Array.from({ length: 1000 }, (_, i) => i / 100);
  const values = times.map((_, i) => (i === 555 ? 9 : i === 551 ? -9 : i % 2));
  const columns = columnsOf(times, values, new View(10), 20);
  assert.deepEqual(columns.map(({ x }) => x), Array.from({ length: 20 }, (_, i) => i));
  assert.deepEqual([columns[11].low, columns[11].high], [-9, 9]);
  assert.deepEqual([columns[3].low, columns[3].high], [0, 1]);
  const steps = columnsOf(times, times, new View(10), 20);
  assert.ok(steps.every(({ low }, i) => i === 0 || low <= steps[i - 1].high));
  const view = new View(10);
  view.show(5, 5.05);
  assert.equal(columnsOf(times, values, view, 200), null);
  assert.deepEqual(placesInView(times, view), [499, 505]);
});

test("a piece that shows a part of a window keeps the window's seconds on its other axis", () => {
  const lane = { yTime: "window" };
  const set = { levels: [{ rows: 4, pieces: [{ startS: 3, endS: 5, rowsS: [2, 6], columns: 2 }] }] };
  assert.deepEqual(momentsAt(lane, set, 3.5, 0.25), { queryS: 5, keyS: 3.5 });
  assert.equal(yShareOf(lane, set, { queryS: 5, keyS: 3.5 }), 0.25);
});

test("a curve has the lowest number of its set where that has one of its own, else that of its lane", () => {
  const seen = [];
  const context = { beginPath() {}, stroke() {}, setLineDash() {}, lineTo: (_, y) => seen.push(y) };
  const series = [{ colour: "audio", times: [0, 1, 2], values: [-2, 0, 2] }];
  drawCurves(context, { low: -6 }, { low: -2, high: 2, series }, new View(2), 100, 80, (ref) => ref, {});
  drawCurves(context, { low: -6 }, { high: 2, series }, new View(2), 100, 80, (ref) => ref, {});
  assert.deepEqual(seen, [80, 40, 0, 40, 20, 0]);
});
