// Small helpers to make elements of the page.

/** An element of a class, with a text in it. */
export function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** A button with a name for those who cannot see it. */
export function button(className, text, label, pressed) {
  const made = element("button", className, text);
  made.type = "button";
  made.title = label;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", pressed);
  return made;
}

/** A canvas made as sharp as the screen is, cleared, in units of the page. */
export function cleared(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Put these elements into another in place of what is there; what had the focus has it again, by its label. */
export function refill(parent, children) {
  if (children.length === parent.children.length && children.every((one, i) => one === parent.children[i])) return;
  const active = parent.getRootNode().activeElement;
  const label = parent.contains(active) ? active.getAttribute("aria-label") : null;
  parent.replaceChildren(...children);
  if (!label) return;
  const again = [...parent.querySelectorAll("[aria-label]")].find((one) => one.getAttribute("aria-label") === label);
  again?.focus({ preventScroll: true });
}
