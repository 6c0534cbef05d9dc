// What Python is told of places: at once where one was chosen, once it has come to rest where the view moved, never while it plays.

const REST_MS = 400;

/** Seconds as they are told: to a thousandth. */
export function thousandth(seconds) {
  return Math.round(1000 * seconds) / 1000;
}

/** Decides when Python is told of a place, and tells no place twice. */
export class Placing {
  /**
   * @param place gives the place as it is now
   * @param tell hears of it
   * @param playing whether it plays now
   */
  constructor(place, tell, playing, wait = (then, ms) => setTimeout(then, ms), forget = (asked) => clearTimeout(asked)) {
    Object.assign(this, { place, tell, playing, wait, forget });
    this.last = "";
    this.owed = false;
  }

  /** A moment, a cell, a selection, a layer or a head was chosen. */
  now() {
    this.forget(this.asked);
    this.owed = false;
    const place = this.place();
    const text = JSON.stringify(place);
    if (text === this.last) return;
    this.last = text;
    this.tell(place);
  }

  /** The view or the playhead moved: told when it has rested; where it plays, when that has ended. */
  soon() {
    this.owed = true;
    this.forget(this.asked);
    this.asked = this.wait(() => {
      if (this.owed && !this.playing()) this.now();
    }, REST_MS);
  }

  /** Nothing more is told. */
  close() {
    this.forget(this.asked);
    this.owed = false;
  }
}
