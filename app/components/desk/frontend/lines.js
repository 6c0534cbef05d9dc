// What is drawn as lines and bars over time: waveform, curves, notes.

/** The level of a waveform that has a run for every pixel, and not many more. */
export function waveLevelFor(levels, view, width) {
  return levels.reduce((best, one) => (one.stepS <= view.spanS / width ? one : best), levels[0]);
}

/** Minimum and maximum per run of samples, at the coarsest level that has one for every pixel. */
export function drawWave(context, lane, set, view, width, height, numbers, theme) {
  const level = waveLevelFor(set.levels, view, width);
  const [low, high] = [numbers(level.low), numbers(level.high)];
  context.fillStyle = theme.audio;
  const toY = (value) => ((1 - value / 127) / 2) * height;
  context.beginPath();
  for (let x = 0; x < width; x += 1) {
    const first = Math.floor(view.toS(x, width) / level.stepS);
    const last = Math.max(first + 1, Math.floor(view.toS(x + 1, width) / level.stepS));
    if (first >= low.length) break;
    let [bottom, top] = [127, -127];
    for (let i = Math.max(0, first); i < Math.min(last, low.length); i += 1) {
      bottom = Math.min(bottom, low[i]);
      top = Math.max(top, high[i]);
    }
    context.rect(x, toY(top), 1, Math.max(1, toY(bottom) - toY(top)));
  }
  context.fill();
}

/**
 * Places of a curve to draw: all that are in view and one beyond each end, or, where a pixel holds more than two, the lowest and
 * the highest of every pixel, in their order, so that no peak is lost.
 */
export function thinnedCurve(times, values, view, width) {
  const first = Math.max(0, firstAtOrAfter(times, view.startS) - 1);
  const last = Math.min(times.length - 1, firstAtOrAfter(times, view.endS));
  const places = [];
  if (last - first <= 2 * width) {
    for (let i = first; i <= last; i += 1) places.push(i);
    return places;
  }
  let [pixel, low, high] = [null, first, first];
  const put = () => places.push(...(low === high ? [low] : [Math.min(low, high), Math.max(low, high)]));
  for (let i = first; i <= last; i += 1) {
    const at = Math.floor(view.toX(times[i], width));
    if (at !== pixel) {
      if (pixel !== null) put();
      [pixel, low, high] = [at, i, i];
    }
    if (values[i] < values[low]) low = i;
    if (values[i] > values[high]) high = i;
  }
  put();
  return places;
}

export function drawCurves(context, lane, set, view, width, height, numbers, theme) {
  for (const series of set.series) {
    const [times, values] = [numbers(series.times), numbers(series.values)];
    const places = thinnedCurve(times, values, view, width);
    context.strokeStyle = theme[series.colour] ?? theme.text;
    context.setLineDash(series.dashed && places.length <= width ? [5, 4] : []);
    context.globalAlpha = series.dashed && places.length > width ? 0.6 : 1; // dashes of a dense line would be dots of nothing
    context.lineWidth = 1.5;
    context.beginPath();
    for (const i of places) {
      context.lineTo(view.toX(times[i], width), height - ((values[i] - lane.low) / (set.high - lane.low)) * height);
    }
    context.stroke();
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}

export function drawNotes(context, lane, set, view, width, height, numbers, theme) {
  const [onsets, offsets, pitches] = [numbers(set.onsets), numbers(set.offsets), numbers(set.pitches)];
  const row = height / (lane.high - lane.low + 1);
  context.fillStyle = theme.midi;
  context.beginPath();
  for (let i = 0; i < onsets.length; i += 1) {
    if (offsets[i] < view.startS || onsets[i] > view.endS) continue;
    const x = view.toX(onsets[i], width);
    const long = Math.max(1.5, view.toX(offsets[i], width) - x);
    context.rect(x, (lane.high - pitches[i]) * row, long, Math.max(1, row - 0.5));
  }
  context.fill();
}

/** The first place of a rising array whose number is not below another. */
export function firstAtOrAfter(rising, wanted) {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
