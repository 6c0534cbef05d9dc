// What Streamlit calls, and where the bytes come from.

import { unpack } from "./bytes.js";
import { Desk } from "./desk.js";

const desks = new WeakMap();

/** What Streamlit calls: on mounting, and whenever Python sends something else. */
export default function mount({ parentElement, data, setStateValue }) {
  let desk = desks.get(parentElement);
  if (!desk) {
    desk = new Desk(parentElement, setStateValue);
    desks.set(parentElement, desk);
  }
  desk.tell = setStateValue;
  const asked = data.url;
  desk.asking = asked;
  fetch(asked)
    .then((answer) => (answer.ok ? answer.arrayBuffer() : Promise.reject(new Error(`HTTP ${answer.status}`))))
    .then((buffer) => {
      if (desk.asking !== asked) return; // something newer was sent meanwhile
      const { head, numbers } = unpack(buffer);
      desk.show({ ...head, ...data, clip: { ...data.clip, url: data.audio } }, numbers);
      desk.root.dataset.ready = asked;
    })
    .catch((error) => {
      desk.words.textContent = `The desk could not be loaded (${error.message}). Reload the page.`;
    });
  return () => {
    desks.delete(parentElement);
    desk.close();
  };
}
