// Recordings that were opened in this browser, by their keys: kept here and nowhere else, so that they are at hand after a reload.

export const KEPT_AS = "otoscope.recordings";
const MOST_KEPT = 8;
const WHOLE_KEY = /^[0-9a-f]{64}$/;
const recalled = new WeakSet();

/**
 * Tell, once for a desk, of recordings that this browser has opened before; keep those that are open now before them.
 * @param opened keys that Python knows, the last one first
 * @param desk which is told of them
 * @param tell is given "recent" and keys
 */
export function recall(opened, desk, tell, store = undefined) {
  const known = opened ?? [];
  const before = keptKeys(store);
  try {
    const kept = [...new Set([...known, ...before])].slice(0, MOST_KEPT);
    if (kept.length) (store ?? globalThis.localStorage).setItem(KEPT_AS, JSON.stringify(kept));
  } catch {
    // the browser keeps nothing
  }
  if (recalled.has(desk)) return;
  recalled.add(desk);
  if (before.some((key) => !known.includes(key))) tell("recent", before);
}

/** What is kept, the last one first; nothing where the browser keeps nothing, or something else is there. */
function keptKeys(store) {
  try {
    const kept = JSON.parse((store ?? globalThis.localStorage).getItem(KEPT_AS) ?? "[]");
    return kept.filter((key) => WHOLE_KEY.test(key)).slice(0, MOST_KEPT);
  } catch {
    return [];
  }
}
