// Which lanes are shown, in which order and how high: "id", "id:height" where that is not the lane's own, "-" before what is hidden.

import { allowed } from "./grip.js";

/** The lane of an entry, its height, null where it says none, and whether it is hidden. */
export function readEntry(entry) {
  const hidden = entry.startsWith("-");
  const [id, height] = (hidden ? entry.slice(1) : entry).split(":");
  const pixels = Number.parseInt(height ?? "", 10);
  return { id, height: Number.isFinite(pixels) ? allowed(pixels) : null, hidden };
}

/** An entry of a lane of such a height. */
export function entryOf(id, height, own) {
  return height === own ? id : `${id}:${height}`;
}

/** An order with all lanes in it: one of which it says nothing is shown, after the lane that it follows. */
export function completed(order, ids) {
  const whole = [...order];
  const placeOf = (id) => whole.findIndex((entry) => readEntry(entry).id === id);
  ids.forEach((id, number) => {
    if (placeOf(id) >= 0) return;
    const before = ids.slice(0, number).reverse().map(placeOf).find((place) => place >= 0) ?? -1;
    whole.splice(before + 1, 0, id);
  });
  return whole;
}

/** An order in which one lane stands above or below its neighbour, the next one that is seen: of those drawn, if they are given. */
export function moved(order, id, by, drawn = null) {
  const seen = (entry) => !entry.hidden && (drawn?.has(entry.id) ?? true);
  const from = order.findIndex((entry) => readEntry(entry).id === id);
  let to = from + by;
  while (to >= 0 && to < order.length && !seen(readEntry(order[to]))) to += by;
  if (to < 0 || to >= order.length) return order;
  const left = order.filter((_, place) => place !== from);
  left.splice(to, 0, order[from]);
  return left;
}

/** An order in which one lane is hidden, or shown again where it stood. */
export function withHidden(order, id, hide) {
  return order.map((entry) => {
    if (readEntry(entry).id !== id) return entry;
    const bare = entry.replace(/^-/, "");
    return hide ? `-${bare}` : bare;
  });
}
