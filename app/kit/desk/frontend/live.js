// What the pointer says, read aloud: only what stays for a moment, and not the same twice.

const SILENCE_MS = 700;

/** A region of the page whose text is read aloud. */
export class Live {
  /** @param region an element with aria-live */
  constructor(region, wait = (then, ms) => setTimeout(then, ms), forget = (asked) => clearTimeout(asked)) {
    [this.region, this.wait, this.forget] = [region, wait, forget];
  }

  /** To be read once nothing else came for a moment. */
  say(text) {
    this.forget(this.asked);
    this.asked = this.wait(() => {
      if (text && this.region.textContent !== text) this.region.textContent = text;
    }, SILENCE_MS);
  }
}
