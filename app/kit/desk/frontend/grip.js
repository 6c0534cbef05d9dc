// The lower edge of a lane: dragged, or moved by keys, it makes the lane higher or lower.

import { element } from "./dom.js";

export const LOWEST_PX = 32;
export const HIGHEST_PX = 640;
const STEPS = { ArrowUp: -8, ArrowDown: 8, PageUp: -48, PageDown: 48 };

/** A height that a lane may have, in whole pixels. */
export function allowed(height) {
  return Math.round(Math.min(HIGHEST_PX, Math.max(LOWEST_PX, height)));
}

/** The separator under a lane; `sized(height, done)` is called while it moves, and with done when it was let go. */
export function grip(lane, sized) {
  const edge = element("div", "grip");
  edge.tabIndex = 0;
  edge.setAttribute("role", "separator");
  edge.setAttribute("aria-orientation", "horizontal");
  edge.setAttribute("aria-label", `height of ${lane.title}`);
  edge.setAttribute("aria-valuemin", LOWEST_PX);
  edge.setAttribute("aria-valuemax", HIGHEST_PX);
  const set = (height, done) => {
    edge.setAttribute("aria-valuenow", allowed(height));
    sized(allowed(height), done);
  };
  edge.setAttribute("aria-valuenow", lane.height);
  edge.addEventListener("keydown", (event) => {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    event.stopPropagation();
    set(lane.height + STEPS[event.key], true);
  });
  edge.addEventListener("pointerdown", (down) => {
    down.preventDefault();
    edge.setPointerCapture(down.pointerId);
    const from = lane.height;
    const moved = (event) => set(from + event.clientY - down.clientY, false);
    const up = (event) => {
      edge.removeEventListener("pointermove", moved);
      edge.removeEventListener("pointerup", up);
      edge.removeEventListener("pointercancel", up);
      if (lane.height !== from || event.type === "pointercancel") sized(lane.height, true);
    };
    edge.addEventListener("pointermove", moved);
    edge.addEventListener("pointerup", up);
    edge.addEventListener("pointercancel", up);
  });
  return edge;
}
