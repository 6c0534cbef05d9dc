/** Colours of the page, light or dark, and those that mean the same everywhere. */
export function themeOf(root) {
  const style = getComputedStyle(root);
  const of = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  return {
    text: of("--st-text-color", "#20252b"), line: "rgba(127, 127, 127, 0.55)", playhead: of("--st-primary-color", "#d55e00"),
    selection: "#cc79a7", selectionPale: "rgba(204, 121, 167, 0.25)", audio: "#0072b2", midi: "#d55e00", joint: "#009e73",
    twin: "#7f7f7f", font: `12px ${of("--st-font", "sans-serif")}`,
  }; // prettier-ignore
}
