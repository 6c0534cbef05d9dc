// What Streamlit calls for a strip alone.

import { Listening } from "./listening.js";

const listenings = new WeakMap();

/** What Streamlit calls: on mounting, and whenever Python sends something else. */
export default function mountStrip({ parentElement, data }) {
  let listening = listenings.get(parentElement);
  if (!listening) {
    listening = new Listening(parentElement);
    listenings.set(parentElement, listening);
  }
  listening.show(data);
  return () => {
    listenings.delete(parentElement);
    listening.close();
  };
}
