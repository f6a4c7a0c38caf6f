// A stage of Baseline's story: a convolution, what is above zero in it, and the strongest of that. Who chooses one of its maps
// sees that followed, and who points at a pixel sees of which numbers it is made.

import { indexOfMost } from "./covered.js";
import { element, placed } from "./element.js";
import { drawMap, figure, kindOf, most, number } from "./maps.js";
import { additions, filterOf, mapOf, SIDE, sourceOf, total, valuesIn } from "./sums.js";
import { words } from "./words.js";

export const PIXELS = "pixels"; // what comes before the first layer
const STRONGEST = 4; // maps before a convolution that are named
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Stage {
  /**
   * before: the stage before this one, whose chosen map it follows; null for none.
   * changed: called when a map was chosen, to have all stages shown.
   */
  constructor(which, before, changed) {
    [this.before, this.changed] = [before, changed];
    this.conv = `conv${which}`;
    this.layers = [this.conv, `relu${which}`, `pool${which}`];
    this.chain = [before ? before.layers.at(-1) : PIXELS, ...this.layers];
    this.chosen = 0; // the channel that is followed
    this.pointed = this.conv; // the layer of which a pixel is accounted for
    this.places = {}; // which pixel, { x, y }, of each layer
    this.figures = Object.fromEntries(this.chain.map((name) => [name, figure(words.titles[name] ?? name)]));
    for (const name of this.layers) this.letPoint(name);
    this.filters = element("fieldset", { class: "filters" }, element("legend", {}, words.chooseMap(this.conv, before?.layers.at(-1))));
    this.sentence = element("p", { "aria-live": "off" });
    this.account = element("div", { class: "account" });
    this.others = element("p", { class: "others" });
    const chain = element("div", { class: "chain" }, ...this.chain.map((name) => this.figures[name].made));
    const title = { class: "stage", "aria-label": words.stage(which) };
    this.made = element("section", title, this.filters, chain, this.sentence, this.account, this.others);
  }

  /** Offer the maps; begin with that in which most was found, more than in the corner's blank paper, at its strongest pixels. */
  begin(values) {
    const { shape: [, count] } = values[this.conv];
    const found = Array.from({ length: count }, (_, channel) => {
      const map = mapOf(values[this.layers.at(-1)], channel);
      return map.reduce((sum, value) => sum + Math.max(0, value - map[0]), 0);
    });
    this.filters.append(...found.map((_, channel) => this.choice(channel, count)));
    this.chosen = indexOfMost(found);
    for (const name of this.layers) {
      const { shape: [, , , width] } = values[name];
      const strongest = indexOfMost(mapOf(values[name], this.chosen));
      this.places[name] = { x: strongest % width, y: Math.floor(strongest / width) };
    }
  }

  choice(channel, count) {
    const radio = element("input", { type: "radio", name: this.conv, "aria-label": words.map(this.conv, channel + 1, count) });
    radio.onchange = () => this.choose(channel);
    return element("label", {}, radio, element("canvas"), element("canvas"));
  }

  choose(channel) {
    this.chosen = channel;
    this.changed();
  }

  /** Let a layer's pixels be pointed at by mouse, finger and arrow keys. */
  letPoint(name) {
    const { canvas } = this.figures[name];
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    const at = (offset, length, count) => Math.floor((offset / length) * count);
    canvas.onpointermove = canvas.onpointerdown = ({ offsetX, offsetY }) =>
      this.point(name, at(offsetX, canvas.clientWidth, canvas.width), at(offsetY, canvas.clientHeight, canvas.height));
    canvas.onfocus = () => {
      this.sentence.setAttribute("aria-live", "polite"); // who moves over pixels is told, who draws is not
      this.point(name, this.places[name].x, this.places[name].y);
    };
    canvas.onblur = () => this.sentence.setAttribute("aria-live", "off");
    canvas.onkeydown = (event) => {
      if (!STEPS[event.key]) return;
      event.preventDefault();
      const [right, down] = STEPS[event.key];
      this.point(name, this.places[name].x + right, this.places[name].y + down);
    };
  }

  /** Account for a pixel of a layer, or for the nearest that it has. */
  point(name, x, y) {
    const { width, height } = this.figures[name].canvas;
    this.pointed = name;
    this.places[name] = { x: Math.max(0, Math.min(width - 1, x)), y: Math.max(0, Math.min(height - 1, y)) };
    this.explain();
  }

  /** Show the stage of an image's story, told by values of layers and weights by name. */
  show(values) {
    this.values = values;
    this.showFilters();
    this.chain.forEach((name, index) => {
      const { canvas, note } = this.figures[name];
      const [channel, { shape: [, ...size] }] = [this.channelOf(name), values[name]];
      const title = name === PIXELS ? words.seen : words.map(name, channel + 1, size[0]);
      canvas.setAttribute("aria-label", index ? words.pointable(title) : title);
      note.textContent = words.step(kindOf(name), channel + 1, ...size);
      this.draw(canvas, name, channel);
    });
    this.explain();
  }

  showFilters() {
    const weights = this.values[`${this.conv}.weight`];
    const largest = most(weights.data);
    this.filters.querySelectorAll("label").forEach((label, channel) => {
      const [radio, filter, map] = label.children;
      radio.checked = channel === this.chosen;
      drawMap(filter, filterOf(weights, channel, this.channelOf(this.chain[0])), SIDE, largest);
      this.draw(map, this.conv, channel);
    });
  }

  /** The channel of a layer, or of what comes before the stage, that is followed. */
  channelOf(name) {
    return this.layers.includes(name) ? this.chosen : (this.before?.chosen ?? 0);
  }

  draw(canvas, name, channel) {
    const layer = this.values[name];
    const paper = name === PIXELS ? Math.min(...layer.data) : 0; // which is not coloured
    drawMap(canvas, mapOf(layer, channel).map((value) => value - paper), layer.shape[3], most(layer.data) - paper);
  }

  /** Say of which numbers the pixel that is pointed at is made, and mark where they lie. */
  explain() {
    const [name, kind, place] = [this.pointed, kindOf(this.pointed), this.places[this.pointed]];
    const before = this.chain[this.chain.indexOf(name) - 1];
    const squares = { [name]: { ...place, side: 1 }, [before]: sourceOf(kind, place) };
    for (const each of this.chain) this.mark(each, squares[each]);
    const [value] = valuesIn(this.values[name], this.chosen, squares[name]);
    const title = words.map(name, this.chosen + 1, this.values[name].shape[1]);
    this.sentence.textContent = words.pixel(title, place.y + 1, place.x + 1, value);
    this.others.hidden = kind !== "conv" || !this.before;
    if (kind === "conv") this.explainSum(before, place);
    else this.account.replaceChildren(...KEPT[kind](valuesIn(this.values[before], this.chosen, squares[before])));
  }

  /** Mark a square of a layer's map, or nothing. */
  mark(name, square) {
    const { canvas, mark } = this.figures[name];
    mark.hidden = !square;
    if (square) placed(mark, [square.x, square.y, square.side, square.side], canvas.width, canvas.height);
  }

  /** Say how the value of the convolution at a place is summed up. */
  explainSum(before, place) {
    const added = additions(this.values[before], this.values[`${this.conv}.weight`], this.chosen, place);
    const bias = this.values[`${this.conv}.bias`].data[this.chosen];
    const { input, pixels, weights, sum } = added[this.channelOf(before)];
    const [others, all] = [number(total(added, 0) - sum), number(total(added, bias), "total")];
    this.account.replaceChildren(
      table(words.products(before, input + 1, added.length), pixels.map((pixel, index) => [number(pixel), " × ", number(weights[index])]), SIDE),
      element("p", {}, ...words.sum(number(sum), added.length - 1, others, number(bias), all)),
    );
    if (this.before) this.nameStrongest(added);
  }

  /** Name the maps before that add the most or take the most away, each in a button that follows it. */
  nameStrongest(added) {
    const strongest = [...added].sort((one, other) => Math.abs(other.sum) - Math.abs(one.sum)).slice(0, STRONGEST);
    if (!this.others.children.length) {
      this.others.append(words.strongest(this.chain[0]), ...strongest.map(() => element("button", { class: "link" })));
    }
    strongest.forEach(({ input, sum }, index) => {
      const button = this.others.children[index];
      button.textContent = words.adds(input + 1, sum);
      button.setAttribute("aria-pressed", input === this.before.chosen);
      button.onclick = () => this.before.choose(input);
    });
  }
}

/** What is kept of a square's values, by kind of layer. */
const KEPT = {
  relu: ([value]) => [element("p", {}, ...words.relu(number(value), number(Math.max(0, value), "total")))],
  pool: (four) => [
    table(words.four, four.map((value) => [number(value)]), 2),
    element("p", {}, ...words.largest(number(Math.max(...four), "total"))),
  ],
};

/** A table with so many cells in a row, each a list of what is in it. */
function table(title, cells, width) {
  const rows = Array.from({ length: cells.length / width }, (_, row) => cells.slice(width * row, width * (row + 1)));
  const body = rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, ...cell))));
  return element("table", {}, element("caption", {}, title), ...body);
}
