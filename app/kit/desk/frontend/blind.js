// A blind comparison: X is one of the variants, drawn by a seed of the browser; who listens says which, and only then is told.

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
export function drawsOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A seed that nobody knows before: of the browser's own source of chance, another after every reload. */
export function freshSeed(source = globalThis.crypto) {
  return source.getRandomValues(new Uint32Array(1))[0];
}

/** One comparison after the other, of so many variants; `hidden` is the number of X. */
export class Blind {
  constructor(count, seed) {
    [this.count, this.draw] = [count, drawsOf(seed)];
    [this.guesses, this.right] = [0, 0];
    this.next();
  }

  /** Draw another X. */
  next() {
    this.hidden = Math.min(this.count - 1, Math.floor(this.draw() * this.count));
  }

  /** Whether the guess is right, what X was, and how many were right so far; then another X is drawn. */
  guess(number) {
    const was = this.hidden;
    this.guesses += 1;
    if (number === was) this.right += 1;
    this.next();
    return { right: number === was, was, score: `${this.right} of ${this.guesses} right, by chance 1 in ${this.count}` };
  }
}
