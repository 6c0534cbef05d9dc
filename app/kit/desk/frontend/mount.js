// What Streamlit calls, and where the bytes come from.

import { unpack } from "./bytes.js";
import { Desk } from "./desk.js";
import { recall } from "./remembered.js";

const desks = new WeakMap();

/** The lanes of an address; the same ones where they are those that the desk has already. */
async function lanesAt(url, desk) {
  if (desk.unpacked?.url === url) return desk.unpacked;
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return { url, ...unpack(await answer.arrayBuffer()) };
}

/** What Streamlit calls: on mounting, and whenever Python sends something else. */
export default function mount({ parentElement, data, setStateValue }) {
  let desk = desks.get(parentElement);
  if (!desk) {
    desk = new Desk(parentElement, setStateValue);
    desks.set(parentElement, desk);
  }
  desk.tell = setStateValue;
  desk.asking = data;
  lanesAt(data.url, desk)
    .then((unpacked) => {
      if (desk.asking !== data) return; // something newer was sent meanwhile
      desk.unpacked = unpacked;
      desk.show({ ...unpacked.head, ...data, clip: { ...data.clip, url: data.audio } }, unpacked.numbers);
      recall(data.recent, desk, setStateValue);
      desk.root.dataset.ready = data.url;
    })
    .catch((error) => {
      desk.say(`The desk could not be loaded (${error.message}). Reload the page.`);
    });
  return () => {
    desks.delete(parentElement);
    desk.close();
  };
}
