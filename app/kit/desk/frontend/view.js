// Which part of the clip is in view: the one mapping between seconds and pixels that all lanes share.

const SHORTEST_S = 0.02;

const BEYOND = 0.1; // of the clip's length: how much of what lies after its end stands beside the whole clip

/** The part of a clip that is in view, never outside of it. */
export class View {
  /**
   * @param durationS of the clip
   * @param endS where the last window ends, which may be after the clip: what is there is padding
   */
  constructor(durationS, endS = durationS) {
    this.durationS = Math.max(durationS, SHORTEST_S);
    this.limitS = Math.max(endS, this.durationS);
    this.fit();
  }

  /** Something else lies after the clip, up to there; who saw the whole clip sees it whole again. */
  reach(endS) {
    const [startS, before] = [this.startS, this.endS];
    this.fit();
    const whole = startS === 0 && before === this.endS;
    this.limitS = Math.max(endS, this.durationS);
    if (whole) this.fit();
    else this.show(startS, before);
  }

  /** The whole clip, and the beginning of the padding after it. */
  fit() {
    this.startS = 0;
    this.endS = Math.min(this.limitS, (1 + BEYOND) * this.durationS);
  }

  get spanS() {
    return this.endS - this.startS;
  }

  /** Pixels from the left edge of a lane. */
  toX(seconds, width) {
    return ((seconds - this.startS) / this.spanS) * width;
  }

  /** Seconds from the start of the clip. */
  toS(x, width) {
    return this.startS + (x / width) * this.spanS;
  }

  /** `factor` times as much in view, around a moment that stays where it is. */
  zoom(factor, aboutS) {
    const span = Math.min(this.limitS, Math.max(SHORTEST_S, this.spanS * factor));
    const share = (aboutS - this.startS) / this.spanS;
    this.show(aboutS - share * span, aboutS + (1 - share) * span);
  }

  /** Move by so many seconds. */
  pan(seconds) {
    this.show(this.startS + seconds, this.endS + seconds);
  }

  /** A part of the clip, moved inwards where it would go beyond an end. */
  show(startS, endS) {
    const span = Math.min(this.limitS, Math.max(SHORTEST_S, endS - startS));
    this.startS = Math.min(Math.max(0, startS), this.limitS - span);
    this.endS = this.startS + span;
  }

  /** Turn the page where a moment has left the view. */
  follow(seconds) {
    if (seconds < this.startS || seconds > this.endS) {
      this.show(seconds, seconds + this.spanS);
      return true;
    }
    return false;
  }
}

/** Times that a person would choose for an axis: 1, 2 or 5 times a power of ten, or whole parts of a minute. */
export function ticks(startS, endS, most) {
  const rough = (endS - startS) / Math.max(1, most);
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
  const step = steps.find((one) => one >= rough) ?? steps[steps.length - 1];
  const first = Math.ceil(startS / step - 1e-9);
  const last = Math.floor(endS / step + 1e-9);
  const at = [];
  for (let number = first; number <= last; number += 1) at.push(number * step);
  return { step, at };
}

/** Seconds as they stand on the axis: 0.25, 3.5, 12, 1:05. */
export function clock(seconds, step = 1) {
  const decimals = step >= 1 ? 0 : Math.min(3, Math.ceil(-Math.log10(step) - 1e-9));
  if (seconds < 60) return seconds.toFixed(decimals);
  const minutes = Math.floor(seconds / 60 + 1e-9);
  const rest = Math.max(0, seconds - 60 * minutes).toFixed(decimals);
  return `${minutes}:${rest.padStart(decimals ? decimals + 3 : 2, "0")}`;
}

/** A number of three digits as it is read, with a minus sign instead of a hyphen. */
export function numberWords(value) {
  return withMinus(value.toPrecision(3));
}

/** What was written with a hyphen, with a minus sign. */
export function withMinus(text) {
  return text.replaceAll("-", "−");
}
