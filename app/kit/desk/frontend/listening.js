// The strip alone: play, where it is, and the variants; what is played is played again and again.

import { button, element } from "./dom.js";
import { actionOf } from "./keys.js";
import { Mixer } from "./mixer.js";
import { Player } from "./player.js";
import { Strip } from "./strip.js";
import { clock } from "./view.js";

const STEPS = 20; // arrows go so many parts of the whole back or forward

/** A player with its strip. */
export class Listening {
  /** @param root what it is put into */
  constructor(root) {
    this.root = element("div", "desk listening");
    this.root.setAttribute("role", "group");
    this.audio = element("audio", "audio");
    this.audio.preload = "auto";
    this.audio.loop = true;
    this.mixer = new Mixer(this.audio);
    this.player = new Player(this.audio, () => this.mixer.begin());
    this.strip = new Strip((channel) => this.mixer.choose(channel));
    this.play = button("play", "Play", "Play again and again, or pause (space)", () => this.player.toggle());
    this.time = element("span", "time", "0.0");
    this.place = element("input", "where-it-is");
    Object.assign(this.place, { type: "range", min: "0", max: "1", step: "any", value: "0" });
    this.place.setAttribute("aria-label", "place in the recording, in seconds");
    this.place.addEventListener("input", () => this.go(Number(this.place.value)));
    const bar = element("div", "bar");
    bar.append(this.play, this.place, this.time);
    this.root.append(bar, this.strip.root, this.audio);
    root.append(this.root);
    this.root.addEventListener("keydown", (event) => this.key(event));
    for (const what of ["play", "pause"]) this.audio.addEventListener(what, () => this.run());
    for (const what of ["seeked", "loadedmetadata"]) this.audio.addEventListener(what, () => this.frame());
  }

  /** What Python has sent; the same sound goes on. */
  show({ audio, sounds, title }) {
    this.root.setAttribute("aria-label", `${title}: space plays, digits switch`);
    if (this.sound === audio) return;
    this.player.pause();
    this.sound = audio;
    this.audio.src = audio;
    this.mixer.set(sounds.variants.length);
    this.strip.show({ ...sounds, of: audio });
    this.root.dataset.ready = audio;
  }

  /** Keys of the desk, as far as there is something for them here; a focused button or slider keeps its own. */
  key(event) {
    const own = event.target.closest?.("button") && (event.key === " " || event.key === "Enter");
    const slides = event.target === this.place && /^(Arrow|Home|End|Page)/.test(event.key);
    const action = own || slides ? null : actionOf(event);
    const stepS = this.durationS / STEPS;
    const acts = {
      toggle: () => this.player.toggle(), back: () => this.go(this.player.timeS - stepS), hidden: () => this.strip.hear(-1),
      forward: () => this.go(this.player.timeS + stepS), start: () => this.go(0), end: () => this.go(this.durationS),
    }; // prettier-ignore
    const act = action?.startsWith("variant") ? () => this.strip.hear(Number(action.slice("variant".length)) - 1) : acts[action];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  get durationS() {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : 0;
  }

  /** Go to a moment. */
  go(seconds) {
    this.player.seek(seconds);
    this.frame();
  }

  /** Frames while it plays, and one more when it stops. */
  run() {
    cancelAnimationFrame(this.asked);
    this.play.textContent = this.player.playing ? "Pause" : "Play";
    const next = () => {
      this.frame();
      if (this.player.playing) this.asked = requestAnimationFrame(next);
    };
    next();
  }

  /** Where it is now. */
  frame() {
    const { durationS } = this;
    this.place.max = String(durationS || 1);
    this.place.value = String(this.player.timeS);
    this.place.setAttribute("aria-valuetext", `${clock(this.player.timeS, 0.1)} of ${clock(durationS, 0.1)} s`);
    this.time.textContent = `${clock(this.player.timeS, 0.1)} / ${clock(durationS, 0.1)} s`;
  }

  /** Leave nothing behind. */
  close() {
    cancelAnimationFrame(this.asked);
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.mixer.close();
    this.root.remove();
  }
}
