// What stands above the lanes: play, time, layer and head, words of the pointer, hidden lanes, and the sheet of keys.

import { button, element } from "./dom.js";
import { SHEET } from "./keys.js";
import { Live } from "./live.js";
import { clock } from "./view.js";

/** The row above the lanes, and the sheet of keys that hangs from it. */
export class Bar {
  /** @param act is given the name of what was asked for */
  constructor(act) {
    this.root = element("div", "bar");
    this.play = button("play", "Play", "Play or pause (space)", () => act("toggle"));
    this.time = element("span", "time", "0:00.0");
    this.where = element("span", "where");
    this.words = element("span", "words");
    this.heard = element("span", "unseen");
    this.heard.setAttribute("aria-live", "polite");
    this.live = new Live(this.heard);
    this.menu = element("details", "menu");
    this.menu.append(element("summary", "summary", "Hidden lanes"));
    this.list = element("div", "list");
    this.menu.append(this.list);
    this.help = button("help", "?", "Keys of the desk (?)", () => act("sheet"));
    this.sheet = sheetOfKeys();
    this.root.append(this.play, this.time, this.where, this.words, this.menu, this.help, this.heard, this.sheet);
  }

  /** What the pointer says: seen at once, heard once it rests. */
  say(text) {
    this.words.textContent = text;
    this.live.say(text);
  }

  /** Lanes that are not shown; a press brings one back. */
  hide(lanes, back) {
    this.list.replaceChildren(...lanes.map((lane) => button("show", lane.title, `show: ${lane.title}`, () => back(lane.id))));
    this.menu.hidden = lanes.length === 0;
    if (!lanes.length) this.menu.open = false;
  }

  /** Say which second it is, of how many. */
  now(seconds, durationS) {
    const text = `${clock(seconds, 0.1)} / ${clock(durationS, 0.1)} s`;
    if (text !== this.time.textContent) this.time.textContent = text;
  }

  /** Say whether it plays, and which layer and head are chosen. */
  state(playing, layerName, head, anyHead) {
    this.play.textContent = playing ? "Pause" : "Play";
    this.where.textContent = [layerName, head ? `head ${head}` : anyHead ? "mean of heads" : ""].filter(Boolean).join(", ");
  }
}

/** All keys and what they do, as a table that is hidden at first. */
function sheetOfKeys() {
  const sheet = element("div", "sheet");
  sheet.hidden = true;
  const table = element("table", "");
  sheet.append(table);
  table.append(element("caption", "", "Keys, once the desk was clicked"));
  for (const [key, words] of SHEET) {
    const line = element("tr", "");
    const name = element("th", "");
    name.scope = "row";
    for (const one of key.split(" ")) name.append(element("kbd", "", one));
    line.append(name, element("td", "", words));
    table.append(line);
  }
  return sheet;
}
