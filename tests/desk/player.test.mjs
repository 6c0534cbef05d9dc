import assert from "node:assert/strict";
import { test } from "node:test";
import { Player } from "../../app/kit/desk/frontend/player.js";

const element = (duration) => ({
  currentTime: 0, duration, paused: true, play() { this.paused = false; }, pause() { this.paused = true; },
});

test("a place beyond the clip is its end, before it its start", () => {
  const player = new Player(element(30));
  player.seek(99);
  assert.equal(player.timeS, 30);
  player.seek(-1);
  assert.equal(player.timeS, 0);
});

test("the moment of the query is heard, then that of the key, then it is quiet", () => {
  const media = element(30);
  const player = new Player(media);
  player.hear([{ startS: 4, endS: 5 }, { startS: 9, endS: 10 }]);
  assert.deepEqual([media.currentTime, media.paused], [4, false]);
  media.currentTime = 4.9;
  player.tick();
  assert.equal(media.currentTime, 4.9);
  media.currentTime = 5.01;
  player.tick();
  assert.deepEqual([media.currentTime, media.paused], [9, false]);
  media.currentTime = 10.02;
  assert.equal(player.finished, false);
  player.tick();
  assert.deepEqual([media.paused, player.finished], [true, true]);
  player.seek(3);
  assert.equal(player.finished, false);
});

test("a loop goes back to its beginning, and playing begins inside it", () => {
  const media = element(30);
  const player = new Player(media);
  player.loop = [10, 12];
  player.play();
  assert.equal(media.currentTime, 10);
  media.currentTime = 12.01;
  player.tick();
  assert.equal(media.currentTime, 10);
  player.loop = null;
  media.currentTime = 13;
  player.tick();
  assert.equal(media.currentTime, 13);
});

test("seeking forgets the moments that were still to be heard", () => {
  const media = element(30);
  const player = new Player(media);
  player.hear([{ startS: 4, endS: 5 }, { startS: 9, endS: 10 }]);
  player.seek(20);
  media.currentTime = 21;
  player.tick();
  assert.deepEqual([media.currentTime, media.paused], [21, false]);
});

test("another file of the same recording goes on where it was", () => {
  const media = element(30);
  media.src = "one.wav";
  const player = new Player(media);
  player.play();
  media.currentTime = 12;
  player.load("two.wav");
  assert.deepEqual([media.src, media.currentTime, media.paused], ["two.wav", 12, false]);
});

/** Ends as media elements do: it stops by itself. */
function end(media) {
  Object.assign(media, { currentTime: media.duration, paused: true, ended: true });
}

test("a loop that reaches the end of the recording goes back too, and one that is paused there stays", () => {
  const media = element(30);
  const player = new Player(media);
  player.loop = [28, 30];
  player.play();
  player.tick();
  end(media);
  player.tick();
  assert.deepEqual([media.currentTime, media.paused], [28, false]);
  media.ended = false;
  player.pause();
  player.tick();
  Object.assign(media, { currentTime: 30, ended: true }); // somebody went there
  player.tick();
  assert.deepEqual([media.currentTime, media.paused], [30, true]);
});

test("a query at the end of the recording is heard, then its key", () => {
  const media = element(30);
  const player = new Player(media);
  player.hear([{ startS: 29.2, endS: 30 }, { startS: 9, endS: 10 }]);
  player.tick();
  end(media);
  player.tick();
  assert.deepEqual([media.currentTime, media.paused, player.finished], [9, false, false]);
  Object.assign(media, { currentTime: 10.01, ended: false });
  player.tick();
  assert.deepEqual([media.paused, player.finished], [true, true]);
});
