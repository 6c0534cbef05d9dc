import assert from "node:assert/strict";
import { test } from "node:test";
import { Blind, drawsOf, freshSeed } from "../../app/kit/desk/frontend/blind.js";
import { Mixer } from "../../app/kit/desk/frontend/mixer.js";
import { gainWords, loudnessWords } from "../../app/kit/desk/frontend/strip.js";

test("what is hidden follows from the seed, is one of the variants, and every one comes", () => {
  const hidden = (seed) => {
    const blind = new Blind(4, seed);
    return Array.from({ length: 40 }, () => {
      const { hidden: now } = blind;
      blind.next();
      return now;
    });
  };
  assert.deepEqual(hidden(3), hidden(3));
  assert.notDeepEqual(hidden(3), hidden(4));
  assert.deepEqual([...new Set(hidden(3))].sort(), [0, 1, 2, 3]);
  const draw = drawsOf(1);
  for (let i = 0; i < 100; i += 1) {
    const number = draw();
    assert.ok(number >= 0 && number < 1);
  }
});

test("a guess is told right from wrong, counted beside chance, and X is another then", () => {
  const blind = new Blind(4, 0);
  const first = blind.hidden;
  const right = blind.guess(first);
  assert.deepEqual(right, { right: true, was: first, score: "1 of 1 right, by chance 1 in 4" });
  const second = blind.hidden;
  const wrong = blind.guess((second + 1) % 4);
  assert.deepEqual(wrong, { right: false, was: second, score: "1 of 2 right, by chance 1 in 4" });
});

test("a seed of X is drawn by the browser, so that it is another after every reload", () => {
  const given = [];
  const source = {
    getRandomValues(array) {
      given.push(array.constructor.name, array.length);
      array[0] = 4_000_000_001 + given.length;
      return array;
    },
  };
  assert.deepEqual([freshSeed(source), freshSeed(source)], [4_000_000_003, 4_000_000_005]);
  assert.deepEqual(given, ["Uint32Array", 1, "Uint32Array", 1]);
  assert.notEqual(freshSeed(), freshSeed()); // of the browser's own source; alike once in 4 billion
});

test("gains are said with their sign", () => {
  assert.deepEqual([4.8, -3, 0, 0.04].map(gainWords), ["+4.8 dB", "−3.0 dB", "0.0 dB", "0.0 dB"]);
});

test("what is not as loud as the others is named, with how much it lacks", () => {
  const variants = [{ name: "original", gainDb: -2, shortDb: 0 }, { name: "kept", gainDb: 4.8, shortDb: 0.04 }];
  const all = "Equally loud (ITU-R BS.1770-4); gain of each: original −2.0 dB, kept +4.8 dB.";
  assert.equal(loudnessWords(variants), all);
  const [one, other] = variants;
  assert.equal(
    loudnessWords([one, { ...other, shortDb: 2.31 }, { ...other, name: "random", shortDb: null }]),
    "Equally loud (ITU-R BS.1770-4), but for kept, 2.3 LU softer, as it would clip; random, too short or too soft to have a loudness; " +
      "gain of each: original −2.0 dB, kept +4.8 dB, random +4.8 dB.",
  );
});

/** As much of a browser's sound as the mixer asks for. */
class FakeContext {
  constructor() {
    [this.currentTime, this.state, this.destination, this.gains] = [7, "running", {}, []];
    FakeContext.made.push(this);
  }

  node(more = {}) {
    return { connect() {}, disconnect() {}, ...more };
  }

  createMediaElementSource() {
    return this.node();
  }

  createChannelSplitter(count) {
    this.split = count;
    return this.node();
  }

  createGain() {
    const ramps = [];
    const gain = { value: 1, ramps, cancelScheduledValues() {}, setValueAtTime() {}, linearRampToValueAtTime: (to, at) => ramps.push([to, at]) };
    const made = this.node({ gain });
    this.gains.push(made);
    return made;
  }

  close() {}
}
FakeContext.made = [];

test("one recording alone is played without more; variants are let through one at a time, faded over 5 ms", () => {
  globalThis.AudioContext = FakeContext;
  const mixer = new Mixer({});
  mixer.begin();
  assert.equal(FakeContext.made.length, 0);
  mixer.set(4);
  mixer.choose(2); // before anything was played
  mixer.begin();
  const [context] = FakeContext.made;
  const channels = () => context.gains.slice(-4);
  assert.equal(context.split, 4);
  assert.deepEqual(channels().map(({ gain }) => gain.value), [0, 0, 1, 0]);
  mixer.choose(1);
  assert.deepEqual(channels().map(({ gain }) => gain.ramps.at(-1)), [[0, 7.005], [1, 7.005], [0, 7.005], [0, 7.005]]);
  mixer.set(2);
  assert.equal(context.split, 2);
  assert.equal(FakeContext.made.length, 1); // an element can only be taken once
  delete globalThis.AudioContext;
});
