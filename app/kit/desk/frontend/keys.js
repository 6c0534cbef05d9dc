// Keys as musicians know them from Sonic Visualiser; they work only while the desk has the focus.

export const SHEET = [
  ["space", "play, pause"],
  ["← →", "a twentieth of the view back, forward"],
  ["shift ← →", "to the start, to the end (also Home, End)"],
  ["↑ ↓", "zoom in, zoom out"],
  ["f", "fit: the whole clip"],
  ["l", "loop what is selected"],
  [", .", "layer down, up"],
  ["[ ]", "head down, up"],
  ["1 2 3 4 5", "hear that variant of the recording, or a second recording"],
  ["x", "hear X, a hidden one of the variants"],
  ["esc", "close this sheet, or forget the selection"],
  ["?", "this sheet"],
];

const ACTIONS = {
  " ": "toggle", ArrowLeft: "back", ArrowRight: "forward", ArrowUp: "zoomIn", ArrowDown: "zoomOut", f: "fit", l: "loop",
  ",": "layerDown", ".": "layerUp", "[": "headDown", "]": "headUp", x: "hidden", "?": "sheet", Escape: "forget", Home: "start",
  End: "end",
};

/** What a key asks for; null for keys that belong to the browser or to others. */
export function actionOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.shiftKey && event.key === "ArrowLeft") return "start";
  if (event.shiftKey && event.key === "ArrowRight") return "end";
  if (/^[1-8]$/.test(event.key)) return `variant${event.key}`;
  return ACTIONS[event.key] ?? null;
}
