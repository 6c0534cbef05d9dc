// Which lanes are shown, in which order and how high: "id", or "id:height" where the height is not the lane's own.

/** The lane and the height of an entry; the height is null where it says none. */
export function readEntry(entry) {
  const [id, height] = entry.split(":");
  const pixels = Number.parseInt(height ?? "", 10);
  return { id, height: Number.isFinite(pixels) ? pixels : null };
}

/** An entry of a lane of such a height. */
export function entryOf(id, height, own) {
  return height === own ? id : `${id}:${height}`;
}

/** An order in which one lane has moved up or down, or, by 0, is hidden. */
export function moved(order, id, by) {
  const from = order.findIndex((entry) => readEntry(entry).id === id);
  const left = order.filter((_, place) => place !== from);
  if (by) left.splice(Math.min(left.length, Math.max(0, from + by)), 0, order[from]);
  return left;
}
