// What the model read at once: brackets in the clock row, padding hatched; pale over lanes that show what the model does.

const ROWS = 3; // of brackets, where windows overlap
const HATCH_PX = 5;

/** Row of every window, so that windows of one row do not overlap; those that find no free row stand in the last. */
export function rowsOf(windows) {
  const free = new Array(ROWS).fill(-Infinity);
  return windows.map(([startS, endS]) => {
    const row = free.findIndex((until) => until <= startS + 1e-9);
    const taken = row < 0 ? ROWS - 1 : row;
    free[taken] = Math.max(free[taken], endS);
    return taken;
  });
}

/** Where the last window ends, in seconds; 0 without windows. */
export function lastEndOf(windows) {
  return windows.reduce((last, [, endS]) => Math.max(last, endS), 0);
}

/** The windows that hold a moment, in words. */
export function windowWords(windows, seconds) {
  const numbers = windowsAt(windows, seconds);
  if (!numbers.length) return "";
  const padded = numbers.some((number) => windows[number - 1][2] !== null && seconds >= windows[number - 1][2]);
  return `in window${numbers.length > 1 ? "s" : ""} ${numbers.join(", ")} of ${windows.length}${padded ? ", padding" : ""}`;
}

/** How many rows of brackets these windows need. */
export function rowCount(windows) {
  return windows.length ? 1 + Math.max(...rowsOf(windows)) : 0;
}

/** Every how many windows are drawn, so that brackets stay apart: a power of two. */
export function windowStride(windows, view, width) {
  if (windows.length < 2) return 1;
  const hopS = (windows[windows.length - 1][0] - windows[0][0]) / (windows.length - 1);
  const apart = (hopS / view.spanS) * width;
  return apart > 0 ? 2 ** Math.max(0, Math.ceil(Math.log2(6 / apart))) : 1;
}

/** Numbers, from 1, of the windows that hold a moment. */
export function windowsAt(windows, seconds) {
  return windows.flatMap(([startS, endS], number) => (seconds >= startS && seconds < endS ? [number + 1] : []));
}

/** Brackets, each in its row of that height, from a top downwards. */
export function drawBrackets(context, windows, view, width, top, rowHeight, theme) {
  const rows = rowsOf(windows);
  const stride = windowStride(windows, view, width);
  context.strokeStyle = theme.window;
  context.lineWidth = 1;
  windows.forEach(([startS, endS, paddedS], number) => {
    const [left, right] = [view.toX(startS, width), view.toX(endS, width)];
    if (right < 0 || left > width || number % stride) return;
    const y = top + rows[number] * rowHeight;
    if (paddedS !== null) hatch(context, view.toX(paddedS, width), right, y, rowHeight - 2, theme.window);
    context.strokeStyle = theme.window;
    context.beginPath();
    context.moveTo(left + 1, y + rowHeight - 2);
    context.lineTo(left + 1, y + 0.5);
    context.lineTo(right - 1, y + 0.5);
    context.lineTo(right - 1, y + rowHeight - 2);
    context.stroke();
  });
}

/** The windows that are drawn over a lane: those of its own recording, else those of the desk; none where no model is shown. */
export function windowsOver(lane, windows) {
  return lane.ofModel ? (lane.windows ?? windows) : [];
}

/** Ends of windows as pale lines, padding as a pale hatch, over a lane. */
export function drawWindowsOver(context, windows, view, width, height, theme) {
  const stride = windowStride(windows, view, width);
  context.fillStyle = theme.windowPale;
  windows.forEach(([startS, endS, paddedS], number) => {
    if (endS < view.startS || startS > view.endS || number % stride) return;
    for (const at of [startS, endS]) context.fillRect(Math.round(view.toX(at, width)), 0, 1, height);
    if (paddedS !== null) hatch(context, view.toX(paddedS, width), view.toX(endS, width), 0, height, theme.windowPale);
  });
}

/** Slanted lines over a stretch; they move with the sound. */
function hatch(context, from, to, top, height, colour) {
  const [left, right] = [Math.max(from, -height), Math.min(to, context.canvas.width + height)];
  if (right <= left) return;
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, height);
  context.clip();
  context.strokeStyle = colour;
  context.beginPath();
  const phase = from - HATCH_PX * Math.ceil((from - left + height) / HATCH_PX); // it moves with the sound
  for (let x = phase; x < right; x += HATCH_PX) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}
