// The one clock: a media element. Everything else asks it what time it is.

/** Plays, seeks, loops, and hears some moments after each other, on a media element. */
export class Player {
  /** @param before is called before it begins to play, while the browser still knows that a person asked for it */
  constructor(element, before = () => {}) {
    this.element = element;
    this.before = before;
    this.loop = null; // [startS, endS]
    this.queue = []; // moments still to be heard: {startS, endS}
    this.until = null;
    this.finished = false; // whether it is quiet because all moments were heard
    this.heard = false; // whether it played when it was last asked
  }

  get timeS() {
    return this.element.currentTime;
  }

  get playing() {
    return !this.element.paused;
  }

  /** Play from where it is, or from the beginning of the loop that it is outside of. */
  play() {
    if (this.loop && (this.timeS < this.loop[0] || this.timeS >= this.loop[1])) this.seek(this.loop[0]);
    this.before();
    return this.element.play();
  }

  /** Be quiet, and forget moments that were still to be heard. */
  pause() {
    this.finished = false;
    this.queue = [];
    this.until = null;
    this.element.pause();
  }

  /** Play, or pause. */
  toggle() {
    return this.playing ? this.pause() : this.play();
  }

  /** Go to a moment of the clip, or to the end that it lies beyond. */
  seek(seconds) {
    this.finished = false;
    this.queue = [];
    this.until = null;
    const last = Number.isFinite(this.element.duration) ? this.element.duration : seconds;
    this.element.currentTime = Math.min(Math.max(0, seconds), last);
  }

  /** Hear some moments one after the other, such as that of a query and then that of its key. */
  hear(moments) {
    const [first, ...rest] = moments;
    this.seek(first.startS);
    this.until = first.endS;
    this.queue = rest;
    this.before();
    return this.element.play();
  }

  /** Another file of the same recording: it goes on where it was. */
  load(url) {
    const [at, going] = [this.element.src ? this.timeS : 0, this.playing];
    this.element.src = url;
    this.element.currentTime = at;
    if (going) {
      this.before();
      this.element.play();
    }
  }

  /** To be called on every frame and when it stops: ends moments, and goes back to where a loop begins. */
  tick() {
    const now = this.timeS;
    const ended = this.heard && this.element.ended; // the recording: the element has stopped by itself
    if (this.until !== null && (now >= this.until || ended)) {
      const next = this.queue.shift();
      if (next) {
        this.jump(next.startS);
        this.until = next.endS;
      } else {
        this.pause();
        this.finished = true;
      }
    } else if (this.until === null && this.loop && (ended || (this.playing && now >= this.loop[1]))) this.jump(this.loop[0]);
    this.heard = this.playing;
    return now;
  }

  /** Go on from another moment, also where the recording has ended. */
  jump(seconds) {
    this.element.currentTime = seconds;
    if (!this.playing) this.element.play();
  }
}
