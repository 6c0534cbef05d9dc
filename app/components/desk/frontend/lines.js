// What is drawn as lines and bars over time: waveform, curves, notes, marks.

/** Minimum and maximum per run of samples, at the coarsest level that has one for every pixel. */
export function drawWave(context, lane, set, view, width, height, numbers, theme) {
  const level = set.levels.reduce((best, one) => (one.stepS <= view.spanS / width ? one : best), set.levels[0]);
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

export function drawCurves(context, lane, set, view, width, height, numbers, theme) {
  for (const series of set.series) {
    const [times, values] = [numbers(series.times), numbers(series.values)];
    context.strokeStyle = theme[series.colour] ?? theme.text;
    context.setLineDash(series.dashed ? [5, 4] : []);
    context.lineWidth = 1.5;
    context.beginPath();
    const first = Math.max(0, firstAtOrAfter(times, view.startS) - 1);
    for (let i = first; i < times.length; i += 1) {
      const x = view.toX(times[i], width);
      const y = height - ((values[i] - lane.low) / (set.high - lane.low)) * height;
      if (i === first) context.moveTo(x, y);
      else context.lineTo(x, y);
      if (times[i] > view.endS) break;
    }
    context.stroke();
  }
  context.setLineDash([]);
  context.font = theme.font;
  context.fillStyle = theme.text;
  context.textBaseline = "top";
  context.fillText(`${set.high.toPrecision(3)} ${lane.unit}`, 4, 3);
}

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

export function drawMarks(context, lane, set, view, width, height, _numbers, theme) {
  context.font = theme.font;
  context.textBaseline = "middle";
  let free = -Infinity;
  for (const mark of set.marks) {
    const [left, right] = [view.toX(mark.startS, width), view.toX(mark.endS ?? mark.startS, width)];
    if (right < 0 || left > width) continue;
    context.fillStyle = theme.line;
    context.fillRect(left, 0, 1, height);
    if (left >= free && mark.text) {
      context.fillStyle = theme.text;
      context.fillText(mark.text, left + 4, height / 2);
      free = left + 10 + context.measureText(mark.text).width;
    }
  }
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
