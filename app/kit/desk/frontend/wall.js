// The wall of heads: a small picture of every head of every layer, on one scale; a click or Enter chooses a layer and a head.

import { button, element } from "./dom.js";
import { paint } from "./image.js";
import { numberWords, withMinus } from "./view.js";

/** What is said of a head: its numbers with their units. */
export function headWords(wall, row, column) {
  const i = row * wall.heads.length + column;
  const said = [`entropy ${numberWords(wall.entropy[i])} bits`, `mean distance ${numberWords(wall.distance[i])} s`];
  if (wall.scores) {
    const null_ = wall.nulls ? `, where there is nothing ${wall.nulls[i].toFixed(2)}` : "";
    said.push(`${wall.scoreName} ${wall.scores[i].toFixed(2)} of 1${null_}`);
  }
  return `${wall.layerNames[row]}, head ${wall.heads[column]}: ${said.join("; ")}`;
}

/** Where an arrow, Home or End leads to in a grid; null for other keys. */
export function neighbour(key, row, column, rows, columns) {
  const to = {
    ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
    Home: [row, 0], End: [row, columns - 1],
  }[key]; // prettier-ignore
  return to ? [Math.min(rows - 1, Math.max(0, to[0])), Math.min(columns - 1, Math.max(0, to[1]))] : null;
}

/** The scale of all thumbnails, and what stands under them. */
export function wallCaption(wall) {
  const null_ = wall.nulls ? ", hollow where it is not above what there is without anything to find (line)" : "";
  const score = wall.scoreName ? `; bar: ${wall.scoreName}, 0 to 1${null_}` : "";
  const scale = `Colour: ${withMinus(String(Number(wall.low.toPrecision(3))))} to ${Number(wall.high.toPrecision(3))} ${wall.unit}, the same for all heads`;
  return `${scale}; ${wall.what}. Under each: entropy (bits), mean distance (s)${score}. Click to see it above; again for the mean.`;
}

const ARRAYS = ["levels", "entropy", "distance", "scores", "nulls"];

/** Whether two walls say the same. */
export function sameWall(one, other) {
  const words = (wall) => JSON.stringify({ ...wall, ...Object.fromEntries(ARRAYS.map((name) => [name, wall[name]?.length])) });
  const same = (name) => !one[name] || one[name].every((number, i) => number === other[name][i]);
  return words(one) === words(other) && ARRAYS.every(same);
}

/** A grid in which arrows move and Enter chooses; it scrolls inside itself. */
export class Wall {
  /** @param choose is given the layer and the head that were chosen */
  constructor(choose, say) {
    [this.choose, this.say] = [choose, say];
    this.root = element("details", "wall");
    this.root.open = true;
    this.root.hidden = true;
    this.summary = element("summary", "summary");
    this.caption = element("div", "caption");
    this.scroll = element("div", "scroll");
    this.root.append(this.summary, this.caption, this.scroll);
    this.from = null;
    this.cells = [];
  }

  /** A wall that was sent, with its arrays, or none. */
  show(sent, numbers) {
    this.root.hidden = !sent;
    if (!sent || sent === this.from) return;
    this.from = sent;
    const wall = { ...sent };
    for (const name of ARRAYS) wall[name] = sent[name] ? numbers(sent[name]) : null;
    if (this.wall && sameWall(this.wall, wall)) return; // its cells keep the focus
    this.wall = wall;
    this.build();
  }

  /** Make all cells anew. */
  build() {
    const { wall } = this;
    this.summary.textContent = `Wall of heads${wall.side ? `: ${wall.side}` : ""}`;
    this.caption.textContent = wallCaption(wall);
    const grid = element("div", "grid");
    grid.setAttribute("role", "grid");
    grid.setAttribute("aria-label", `${wall.layers.length} layers and ${wall.heads.length} heads`);
    grid.style.gridTemplateColumns = `max-content repeat(${wall.heads.length}, minmax(52px, 76px))`;
    grid.append(this.line([headed("columnheader", ""), ...wall.heads.map((head) => headed("columnheader", `head ${head}`))]));
    this.cells = wall.layers.map((_, row) => wall.heads.map((_head, column) => this.cell(row, column)));
    this.cells.forEach((cells, row) => grid.append(this.line([headed("rowheader", wall.layerNames[row]), ...cells])));
    this.scroll.replaceChildren(grid);
    this.marked = null;
    this.cells[0][0].tabIndex = 0;
  }

  /** A layer, for those who hear the page. */
  line(cells) {
    const line = element("div", "line");
    line.setAttribute("role", "row");
    line.append(...cells);
    return line;
  }

  /** A head: picture, numbers, and its score where there is one. */
  cell(row, column) {
    const { wall } = this;
    const i = row * wall.heads.length + column;
    const words = headWords(wall, row, column);
    const cell = button("head", "", words, () => this.take(row, column));
    cell.setAttribute("role", "gridcell");
    cell.tabIndex = -1;
    const size = wall.rows * wall.columns;
    const picture = paint(wall.levels.subarray(i * size, (i + 1) * size), wall.rows, wall.columns, wall.colours);
    picture.className = "thumbnail";
    picture.setAttribute("aria-hidden", "true");
    const figures = [wall.entropy, wall.distance].map((numbers) => element("span", "figure", numberWords(numbers[i])));
    cell.append(picture, ...figures);
    if (wall.scores) cell.append(bar(wall.scores[i], wall.nulls ? wall.nulls[i] : null));
    cell.addEventListener("pointerenter", () => this.say(words));
    cell.addEventListener("pointerleave", () => this.say(""));
    cell.addEventListener("focus", () => this.say(words));
    cell.addEventListener("keydown", (event) => this.key(event, row, column));
    return cell;
  }

  /** Arrows move inside the wall, Enter and the space bar choose; nothing of it reaches the desk. */
  key(event, row, column) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = neighbour(event.key, row, column, this.cells.length, this.cells[0].length);
    if (to) {
      event.preventDefault();
      event.stopPropagation();
      for (const cells of this.cells) for (const cell of cells) cell.tabIndex = -1;
      const cell = this.cells[to[0]][to[1]];
      cell.tabIndex = 0;
      cell.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      event.stopPropagation();
      this.take(row, column);
    }
  }

  /** Choose a head, or where it is chosen already, the mean of its layer. */
  take(row, column) {
    const again = this.cells[row][column].getAttribute("aria-selected") === "true";
    this.choose(this.wall.layers[row], again ? 0 : this.wall.heads[column]);
  }

  /** Outline what is chosen; the mean of all heads outlines the name of its layer. */
  mark(layer, head) {
    const marked = `${layer}.${head}`;
    if (!this.wall || this.marked === marked) return;
    this.marked = marked;
    this.cells.forEach((cells, row) => {
      const here = this.wall.layers[row] === layer;
      cells[0].parentElement.classList.toggle("chosen", here && head === 0);
      cells.forEach((cell, column) => cell.setAttribute("aria-selected", String(here && this.wall.heads[column] === head)));
    });
  }
}

/** The name of a layer or a head. */
function headed(role, text) {
  const made = element("div", role, text);
  made.setAttribute("role", role);
  return made;
}

/** A score as a bar; hollow where it is not above its null, which is a line. */
function bar(score, null_) {
  const made = element("span", "bar-of-score");
  const filled = element("span", null_ !== null && score <= null_ ? "filled hollow" : "filled");
  filled.style.width = `${100 * Math.min(1, Math.max(0, score))}%`;
  made.append(filled);
  if (null_ !== null) {
    const line = element("span", "null");
    line.style.left = `${100 * Math.min(1, Math.max(0, null_))}%`;
    made.append(line);
  }
  return made;
}
