// Colour scales as tables of 256 colours; between the anchors they are straight in RGB.

const ANCHORS = {
  viridis: "440154 482475 414487 355f8d 2a788e 21918c 22a884 44bf70 7ad151 bddf26 fde725",
  cividis: "00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838",
  magma: "000004 140e36 3b0f70 641a80 8c2981 b73779 de4968 f7705c fe9f6d fecf92 fcfdbf",
  difference: "0072b2 4d9dcb 9ac7e1 ffffff ecc09c df8f4e d55e00",
};

/** RGBA of every level 0–255, as one Uint32 each, as the pixels of a canvas are. */
export function table(name) {
  const anchors = (ANCHORS[name] ?? ANCHORS.viridis).split(" ").map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  const colours = new Uint32Array(256);
  for (let level = 0; level < 256; level += 1) {
    const place = (level / 255) * (anchors.length - 1);
    const low = Math.min(Math.floor(place), anchors.length - 2);
    const [r, g, b] = [0, 1, 2].map((i) => Math.round(anchors[low][i] + (place - low) * (anchors[low + 1][i] - anchors[low][i])));
    colours[level] = (255 << 24) | (b << 16) | (g << 8) | r;
  }
  return colours;
}

/** The number that a level stands for: levels are whole parts of the range [low, high]. */
export function valueOf(level, low, high) {
  return low + (level / 255) * (high - low);
}
