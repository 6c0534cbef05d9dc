// What the keys and buttons of the desk do.

/** Do what was asked for by that name. */
export function perform(desk, action) {
  const { state, player } = desk;
  const { view } = state;
  const chosen = { layerDown: [-1, 0], layerUp: [1, 0], headDown: [0, -1], headUp: [0, 1] }[action];
  if (chosen) {
    step(desk, ...chosen);
    return;
  }
  const acts = {
    toggle: () => player.toggle(),
    back: () => player.seek(player.timeS - view.spanS / 20),
    forward: () => player.seek(player.timeS + view.spanS / 20),
    start: () => player.seek(0),
    end: () => player.seek(view.durationS),
    zoomIn: () => view.zoom(0.5, player.timeS),
    zoomOut: () => view.zoom(2, player.timeS),
    fit: () => view.fit(),
    loop: () => toggleLoop(desk),
    forget: () => {
      if (!desk.bar.sheet.hidden) {
        desk.bar.sheet.hidden = true;
        return;
      }
      [state.loop, state.cell, player.loop] = [null, null, null];
    },
    sheet: () => {
      desk.bar.sheet.hidden = !desk.bar.sheet.hidden;
    },
    hidden: () => desk.strip.hear(-1),
  };
  if (action.startsWith("variant")) desk.strip.hear(Number(action.slice("variant".length)) - 1);
  else acts[action]();
  if (!["sheet", "hidden"].includes(action) && !action.startsWith("variant")) desk.placing.soon();
  desk.draw();
}

/** Loop what is selected, from its beginning, or stop doing so. */
function toggleLoop({ state, player }) {
  if (!state.loop) return;
  player.loop = player.loop ? null : state.loop;
  if (player.loop) player.play();
}

/** The next or previous layer or head, where there is one. */
function step(desk, layers, heads) {
  const next = (all, now, by) => (by ? all[all.indexOf(now) + by] : now);
  const layer = next(desk.layers, desk.state.layer, layers);
  const head = next(desk.heads, desk.state.head, heads);
  if (layer !== undefined && head !== undefined) desk.choose(layer, head);
}
