// Numbers behind the levels of pictures: one at a time is read from the server's file, once the pointer rests; no Python runs for it.

export const RESTS_MS = 150;

/** The bytes of a file from one place to before another. */
export async function bytesBetween(url, from, until) {
  const answer = await fetch(url, { headers: { Range: `bytes=${from}-${until - 1}` } });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const bytes = await answer.arrayBuffer();
  return answer.status === 206 ? bytes : bytes.slice(from, until); // a server may send all of it
}

/** Reads the number of a cell after the pointer has rested on it, and keeps the last one. */
export class Exact {
  constructor(read = bytesBetween, wait = (then, ms) => setTimeout(then, ms), forget = (asked) => clearTimeout(asked)) {
    Object.assign(this, { read, wait, forget });
    [this.turn, this.last] = [0, null];
  }

  /** Where the numbers of what is drawn now are; undefined where there are none. */
  show(url) {
    if (url !== this.url) this.leave();
    this.url = url;
  }

  /** The number of a cell where it is known already; null elsewhere. */
  known(cell) {
    return cell && this.last?.at === this.placeOf(cell) ? this.last.value : null;
  }

  /** Hear of the number of a cell, once nothing else was pointed at for a moment. */
  rest(cell, then) {
    this.leave(false);
    const at = cell && this.placeOf(cell);
    if (at === null || this.last?.at === at) return;
    const { turn, url } = this;
    this.asked = this.wait(async () => {
      try {
        const value = new DataView(await this.read(url, at, at + 4)).getFloat32(0, true);
        if (turn !== this.turn || url !== this.url) return;
        this.last = { at, value };
        then(value);
      } catch {
        // what is said already is right to a step
      }
    }, RESTS_MS);
  }

  /** Nothing is pointed at any more. */
  leave(forgotten = true) {
    this.forget(this.asked);
    this.turn += 1;
    if (forgotten) this.last = null;
  }

  /** The first byte of a cell's number; null where there is none. */
  placeOf({ piece, column, row }) {
    return this.url && piece.exact ? piece.exact.at + 4 * (row * piece.columns + column) : null;
  }
}
