// Variants of a recording are the channels of one file: all are always at the same place, and one of them is let through.

const FADE_S = 0.005; // from one to the other, so that nothing clicks

/** Lets one channel of a media element through, all of it in the browser. */
export class Mixer {
  /** @param audio the media element that plays all channels */
  constructor(audio) {
    [this.audio, this.count, this.chosen, this.context] = [audio, 1, 0, null];
  }

  /** How many variants the file has; the first is heard. */
  set(count) {
    [this.count, this.chosen] = [count, 0];
    if (this.context) this.connect();
  }

  /** To be called before it plays, from a click or key: browsers let sound begin only then. One recording alone needs none of it. */
  begin() {
    if (this.count > 1 && !this.context) {
      this.context = new AudioContext();
      this.source = this.context.createMediaElementSource(this.audio);
      this.connect();
    }
    if (this.context?.state === "suspended") this.context.resume();
  }

  /** From the media element through one gain per channel to the ears. */
  connect() {
    this.source.disconnect();
    this.out?.disconnect();
    this.out = this.context.createGain();
    this.out.connect(this.context.destination);
    this.gains = [];
    if (this.count === 1) {
      this.source.connect(this.out);
      return;
    }
    const splitter = this.context.createChannelSplitter(this.count);
    this.source.connect(splitter);
    for (let channel = 0; channel < this.count; channel += 1) {
      const gain = this.context.createGain();
      gain.gain.value = channel === this.chosen ? 1 : 0;
      splitter.connect(gain, channel);
      gain.connect(this.out);
      this.gains.push(gain);
    }
  }

  /** Hear another variant, from now on, at the same place. */
  choose(channel) {
    this.chosen = channel;
    if (!this.context) return;
    const now = this.context.currentTime;
    this.gains.forEach(({ gain }, number) => {
      gain.cancelScheduledValues(now);
      gain.setValueAtTime(gain.value, now);
      gain.linearRampToValueAtTime(number === channel ? 1 : 0, now + FADE_S);
    });
  }

  /** Give the sound back. */
  close() {
    this.context?.close();
    this.context = null;
  }
}
