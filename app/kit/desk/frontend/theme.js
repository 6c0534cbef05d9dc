// Colours: those of the page, light or dark, and those that mean the same everywhere.

const SIDES = { audio: "#0072b2", midi: "#d55e00", joint: "#009e73", "untrained twin": "#7f7f7f" };
const OTHERS = ["#56b4e9", "currentcolor", "#f0e442", "#009e73", "#d55e00"]; // for what has no colour of its own, in this order

/** Colours of the page as it is now. */
export function themeOf(root) {
  const style = getComputedStyle(root);
  const of = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  return {
    text: of("--st-text-color", "#20252b"), line: "rgba(127, 127, 127, 0.55)", halo: of("--st-background-color", "#ffffff"),
    selection: "#cc79a7", selectionPale: "rgba(204, 121, 167, 0.25)", audio: "#0072b2", midi: "#d55e00", joint: "#009e73",
    twin: "#7f7f7f", font: `12px ${of("--st-font", "sans-serif")}`,
    window: "rgba(127, 127, 127, 0.9)", windowPale: "rgba(127, 127, 127, 0.35)",
  }; // prettier-ignore
}

/** Colour of every name: the one that it has on all pages, else the next of a fixed order; `text` is that of the page. */
export function coloursOf(names, text = "currentcolor") {
  const colours = new Map();
  let taken = 0;
  for (const name of names) {
    if (colours.has(name)) continue;
    const fixed = SIDES[name.toLowerCase()];
    const colour = fixed ?? OTHERS[taken % OTHERS.length];
    colours.set(name, colour === "currentcolor" ? text : colour);
    if (!fixed) taken += 1;
  }
  return colours;
}
