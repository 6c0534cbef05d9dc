// The strip of variants: the recording as it is, what was kept of it, what was removed, a random control, and a second recording,
// all heard at one place.

import { Blind, freshSeed } from "./blind.js";
import { button, element } from "./dom.js";

const X = -1; // the hidden one
const HIDDEN = "hear X, one of the variants, without being told which (key x)";

/** Buttons of the variants, of X and of what X may be, and the gain of each variant. */
export class Strip {
  /** @param choose is given the channel that is to be heard */
  constructor(choose) {
    this.choose = choose;
    this.root = element("div", "strip");
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", "What is heard, switched while it plays");
    this.root.hidden = true;
    this.shown = "";
    this.variants = [];
  }

  /** Other variants, or none; whether a second recording is among them. */
  show(sounds) {
    const text = JSON.stringify(sounds ?? null);
    if (text !== this.shown) this.take(sounds, text);
    return this.variants.some((variant) => variant.second);
  }

  /** Variants that were not shown before. */
  take(sounds, text) {
    this.shown = text;
    this.variants = sounds?.variants ?? [];
    this.root.hidden = this.variants.length < 2;
    this.blind = new Blind(Math.max(1, this.variants.length), freshSeed());
    this.current = 0;
    this.build();
  }

  /** Make the buttons anew, for other variants. */
  build() {
    this.buttons = this.variants.map(({ name, about }, number) => {
      const one = button("variant", "", `hear ${name}${about ? `: ${about}` : ""} (key ${number + 1})`, () => this.hear(number));
      one.append(element("kbd", "", String(number + 1)), name);
      return one;
    });
    this.hiddenOne = button("variant hidden-one", "", HIDDEN, () => this.hear(X));
    this.hiddenOne.append(element("kbd", "", "x"), "X");
    const line = element("div", "variants");
    line.append(...this.buttons);
    this.guess = element("div", "guess");
    this.guess.append(element("span", "", "X is"));
    this.variants.forEach(({ name }, number) => this.guess.append(button("say", name, `X is ${name}`, () => this.say(number))));
    this.answer = element("span", "answer");
    this.answer.setAttribute("role", "status");
    this.caption = element("div", "caption", loudnessWords(this.variants));
    line.append(this.hiddenOne, this.guess, this.answer);
    this.root.replaceChildren(line, this.caption);
    this.mark();
  }

  /** Hear a variant, or X. */
  hear(number) {
    if (number !== X && (number < 0 || number >= this.variants.length)) return;
    if (this.variants.length < 2) return;
    this.current = number;
    if (number === X) this.answer.textContent = "";
    this.choose(number === X ? this.blind.hidden : number);
    this.mark();
  }

  /** Hear the recording that was pointed at, where the other one is heard; X stays hidden. */
  turnTo(second) {
    const number = this.variants.findIndex((variant) => variant.second === second);
    if (this.current === X || number < 0 || this.variants[this.current].second === second) return;
    this.hear(number);
  }

  /** What X is thought to be; X then is another, and is not heard before it is asked for. */
  say(number) {
    const { right, was, score } = this.blind.guess(number);
    const name = this.variants[was].name;
    this.hear(was);
    this.answer.textContent = `X was ${name}: ${right ? "right" : `not ${this.variants[number].name}`}. ${score}.`;
  }

  /** Show which one is heard, and let X be guessed only while it is. */
  mark() {
    this.buttons.forEach((one, number) => one.setAttribute("aria-pressed", String(number === this.current)));
    this.hiddenOne.setAttribute("aria-pressed", String(this.current === X));
    this.guess.classList.toggle("off", this.current !== X);
    for (const one of this.guess.querySelectorAll("button")) one.disabled = this.current !== X;
  }
}

/** A gain in words: +4.8 dB, −3.0 dB, 0.0 dB. */
export function gainWords(gainDb) {
  const sign = gainDb > 0.05 ? "+" : gainDb < -0.05 ? "−" : "";
  return `${sign}${Math.abs(gainDb).toFixed(1)} dB`;
}

/** How loud variants are beside each other: which are softer than the others, and by how much; the gain of each. */
export function loudnessWords(variants) {
  const gains = variants.map(({ name, gainDb }) => `${name} ${gainWords(gainDb)}`).join(", ");
  const odd = variants.flatMap(({ name, shortDb }) => {
    if (shortDb === null) return [`${name}, too short or too soft to have a loudness`];
    return shortDb > 0.05 ? [`${name}, ${shortDb.toFixed(1)} LU softer, as it would clip`] : [];
  });
  const but = odd.length ? `, but for ${odd.join("; ")}` : "";
  return `Equally loud (ITU-R BS.1770-4)${but}; gain of each: ${gains}.`;
}
