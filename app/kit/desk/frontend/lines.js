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
  for (let x = 0; x < width; x += 1) {
    const first = Math.floor(view.toS(x, width) / level.stepS);
    const last = Math.max(first + 1, Math.floor(view.toS(x + 1, width) / level.stepS));
    if (first >= low.length) break;
    let [bottom, top] = [127, -127];
    for (let i = Math.max(0, first); i < Math.min(last, low.length); i += 1) {
      bottom = Math.min(bottom, low[i]);
      top = Math.max(top, high[i]);
    }
    context.fillRect(x, toY(top), 1, Math.max(1, toY(bottom) - toY(top)));
  }
}

/** Places of a curve from the last before the view to the first after it. */
export function placesInView(times, view) {
  return [Math.max(0, firstAtOrAfter(times, view.startS) - 1), Math.min(times.length - 1, firstAtOrAfter(times, view.endS))];
}

/**
 * Lowest and highest number of a curve in every pixel, {x, low, high} from the left, each reaching to where the one before ended,
 * so that no peak is lost and nothing is torn; null where a pixel holds no more than two points.
 */
export function columnsOf(times, values, view, width) {
  const [first, last] = placesInView(times, view);
  if (last - first <= 2 * width) return null;
  const columns = [];
  let now = null;
  for (let i = first; i <= last; i += 1) {
    const x = Math.floor(view.toX(times[i], width));
    if (x !== now?.x) {
      const before = values[Math.max(first, i - 1)];
      now = { x, low: Math.min(values[i], before), high: Math.max(values[i], before) };
      columns.push(now);
    }
    if (values[i] < now.low) now.low = values[i];
    if (values[i] > now.high) now.high = values[i];
  }
  return columns;
}

/** Curves, each in its colour, dashed where it is a control; a dense one as bars from lowest to highest. */
export function drawCurves(context, lane, set, view, width, height, numbers, theme) {
  const bottom = set.low ?? lane.low;
  const toY = (value) => height - ((value - bottom) / (set.high - bottom)) * height;
  for (const series of set.series) {
    const [times, values] = [numbers(series.times), numbers(series.values)];
    const colour = theme[series.colour] ?? theme.text;
    const columns = columnsOf(times, values, view, width);
    if (columns) {
      // bars: stroking a dense zigzag takes browsers ten times as long
      context.fillStyle = colour;
      const [on, of] = series.dashed ? [5, 9] : [1, 1];
      for (const { x, low, high } of columns) {
        if (x % of < on) context.fillRect(x, toY(high) - 0.75, 1, toY(low) - toY(high) + 1.5);
      }
    } else if (times.length) strokeCurve(context, times, values, view, width, { toY, colour, dashed: series.dashed });
  }
}

/** A curve of few points as a line. */
function strokeCurve(context, times, values, view, width, { toY, colour, dashed }) {
  const [first, last] = placesInView(times, view);
  context.strokeStyle = colour;
  context.setLineDash(dashed ? [5, 4] : []);
  context.lineWidth = 1.5;
  context.beginPath();
  for (let i = first; i <= last; i += 1) context.lineTo(view.toX(times[i], width), toY(values[i]));
  context.stroke();
  context.setLineDash([]);
}

/** Notes as bars, the lowest pitch at the bottom. */
export function drawNotes(context, lane, set, view, width, height, numbers, theme) {
  const [onsets, offsets, pitches] = [numbers(set.onsets), numbers(set.offsets), numbers(set.pitches)];
  const row = height / (lane.high - lane.low + 1);
  context.fillStyle = theme.midi;
  for (let i = 0; i < onsets.length; i += 1) {
    if (offsets[i] < view.startS || onsets[i] > view.endS) continue;
    const x = view.toX(onsets[i], width);
    const long = Math.max(1.5, view.toX(offsets[i], width) - x);
    context.fillRect(x, (lane.high - pitches[i]) * row, long, Math.max(1, row - 0.5));
  }
}

/** The place of a rising array whose number is nearest to another. */
export function nearest(rising, wanted) {
  const after = Math.min(rising.length - 1, firstAtOrAfter(rising, wanted));
  return after > 0 && wanted - rising[after - 1] < rising[after] - wanted ? after - 1 : after;
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
