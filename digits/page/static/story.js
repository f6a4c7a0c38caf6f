// Baseline's story: from the pixels through its eight layers to ten scores and their shares. Who chooses a map sees it
// followed, and who points at a pixel sees of which numbers it was made.

import { drawImage, element, placed } from "./answer.js";
import { indexOfMost } from "./covered.js";
import { drawMap, most } from "./maps.js";
import { compute } from "./network.js";
import { settings } from "./settings.js";
import { additions, filterOf, mapOf, SIDE, softmax, sourceOf, total, valuesIn } from "./sums.js";
import { percent, words } from "./words.js";

const NETWORK = "baseline";
const PIXELS = "pixels"; // what comes before the first layer
const NUMBERS_A_ROW = 16; // of a dense layer
const STRONGEST = 4; // maps before a convolution that are named

const byId = (id) => document.getElementById(id);
const kindOf = (name) => name.replace(/\d+$/, "");
const sizeOf = ({ shape: [, , height, width] }) => ({ height, width });
let values = null; // of Baseline's layers and weights by name, for one image

/** Show the story of an image. */
export async function showStory(image) {
  const { layers, weights, pixel_range: [low, high] } = settings.networks[NETWORK];
  const found = await compute("inside", { network: NETWORK, image, names: [...layers, ...weights, "logits"] });
  const pixels = Float32Array.from(image, (value) => low + ((high - low) * value) / 255);
  const isFirst = !values;
  values = { ...found, [PIXELS]: { shape: [1, 1, 28, 28], data: pixels, image } };
  if (isFirst) byId("story").append(...stages.map(({ made }) => made), end.made);
  if (isFirst) for (const stage of stages) stage.chooseStrongest();
  for (const part of [...stages, end]) part.show();
  byId("story-lead").textContent = words.storyLead(indexOfMost(found.logits.data));
}

/** A convolution, what is above zero in it, and the strongest of that: three layers, and what comes before them. */
class Stage {
  constructor(number, before) {
    this.before = before; // the stage before it, whose chosen map it follows; null for none
    this.after = null; // the stage that follows this one's
    if (before) before.after = this;
    [this.conv, this.relu, this.pool] = [`conv${number}`, `relu${number}`, `pool${number}`];
    this.chain = [before ? before.pool : PIXELS, this.conv, this.relu, this.pool];
    this.chosen = 0; // the channel of the map that is followed
    this.pointed = this.conv; // the layer whose pixel is accounted for
    this.places = {}; // the pixel that is, of each layer
    this.figures = this.chain.map((name, place) => (place ? this.pointable(name) : figure(name)));
    this.choices = element("fieldset", { class: "filters" }, element("legend", {}, words.chooseMap(this.conv, before?.pool)));
    this.sentence = element("p", { role: "status" });
    this.account = element("div", { class: "account" });
    this.others = element("p", { class: "others", hidden: true });
    this.made = element(
      "section", { class: "stage", "aria-label": words.stage(number) },
      this.choices, element("div", { class: "chain" }, ...this.figures), this.sentence, this.account, this.others,
    );
  }

  channelOf(name) {
    return name === this.chain[0] ? (this.before?.chosen ?? 0) : this.chosen;
  }

  /** Begin with the map in which most was found, more than in the blank paper of its corner, at its strongest pixel. */
  chooseStrongest() {
    const maps = Array.from({ length: values[this.pool].shape[1] }, (_, channel) => mapOf(values[this.pool], channel));
    this.chosen = indexOfMost(maps.map((map) => map.reduce((found, value) => found + Math.max(0, value - map[0]), 0)));
    for (const name of this.chain.slice(1)) {
      const { width } = sizeOf(values[name]);
      const strongest = indexOfMost(mapOf(values[name], this.chosen));
      this.places[name] = { x: strongest % width, y: Math.floor(strongest / width) };
    }
    this.choices.append(...maps.map((_, channel) => this.choice(channel)));
  }

  choice(channel) {
    const radio = element("input", { type: "radio", name: this.conv, "aria-label": words.map(this.conv, channel + 1, values[this.conv].shape[1]) });
    radio.onchange = () => this.choose(channel);
    return element("label", {}, radio, element("canvas"), element("canvas"));
  }

  choose(channel) {
    this.chosen = channel;
    this.show();
    this.after?.show();
  }

  pointable(name) {
    const made = figure(name);
    const canvas = made.querySelector("canvas");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    const follow = ({ offsetX, offsetY }) => {
      const { height, width } = sizeOf(values[name]);
      this.point(name, { x: Math.floor((offsetX / canvas.clientWidth) * width), y: Math.floor((offsetY / canvas.clientHeight) * height) });
    };
    canvas.onpointermove = canvas.onpointerdown = follow;
    canvas.onfocus = () => this.point(name, this.places[name]);
    canvas.onkeydown = (event) => {
      const [right, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
      if (right === undefined) return;
      event.preventDefault();
      this.point(name, { x: this.places[name].x + right, y: this.places[name].y + down });
    };
    return made;
  }

  /** Account for a pixel of a layer, or for the nearest that it has. */
  point(name, { x, y }) {
    const { height, width } = sizeOf(values[name]);
    this.pointed = name;
    this.places[name] = { x: Math.max(0, Math.min(width - 1, x)), y: Math.max(0, Math.min(height - 1, y)) };
    this.explain();
  }

  show() {
    const largest = most(values[`${this.conv}.weight`].data);
    [...this.choices.children].slice(1).forEach((label, channel) => {
      const [radio, filter, map] = label.children;
      radio.checked = channel === this.chosen;
      drawMap(filter, filterOf(values[`${this.conv}.weight`], channel, this.channelOf(this.chain[0])), SIDE, largest);
      draw(map, this.conv, channel);
    });
    this.figures.forEach((made, place) => {
      const [name, canvas] = [this.chain[place], made.querySelector("canvas")];
      const title = name === PIXELS ? words.seen : words.map(name, this.channelOf(name) + 1, values[name].shape[1]);
      canvas.setAttribute("aria-label", place ? words.pointable(title) : title);
      made.querySelector(".note").textContent = words.step(kindOf(name), this.channelOf(name) + 1, ...values[name].shape.slice(1));
      draw(canvas, name, this.channelOf(name));
    });
    this.explain();
  }

  /** Say of which numbers the pixel that is pointed at was made, and mark where they lie. */
  explain() {
    const [name, kind] = [this.pointed, kindOf(this.pointed)];
    const place = this.places[name];
    const before = this.chain[this.chain.indexOf(name) - 1];
    const squares = { [name]: { ...place, side: 1 }, [before]: sourceOf(kind, place) };
    this.figures.forEach((made, index) => mark(made.querySelector(".mark"), squares[this.chain[index]], values[this.chain[index]]));
    const [value] = valuesIn(values[name], this.chosen, squares[name]);
    this.sentence.textContent = words.pixel(words.map(name, this.chosen + 1, values[name].shape[1]), place.y + 1, place.x + 1, value);
    this.others.hidden = kind !== "conv" || !this.before;
    const account = { conv: () => this.sum(before, place), relu: relu, pool: pool }[kind];
    this.account.replaceChildren(...account(valuesIn(values[before], this.chosen, squares[before])));
  }

  /** How a convolution's value is summed up. */
  sum(before, place) {
    const added = additions(values[before], values[`${this.conv}.weight`], this.chosen, place);
    const bias = values[`${this.conv}.bias`].data[this.chosen];
    const { input, pixels, weights, sum } = added[this.channelOf(before)];
    if (this.before) this.nameStrongest(added);
    const others = added.length - 1;
    const parts = words.sum(number(sum), others, number(total(added, 0) - sum), number(bias), number(total(added, bias), "total"));
    const cells = pixels.map((pixel, index) => [number(pixel), " × ", number(weights[index])]);
    return [table(words.products(before, input + 1, added.length), cells, SIDE), element("p", {}, ...parts)];
  }

  /** Name the maps before that add the most or take the most away, each in a button that follows it. */
  nameStrongest(added) {
    const strongest = [...added].sort((one, other) => Math.abs(other.sum) - Math.abs(one.sum)).slice(0, STRONGEST);
    if (!this.others.children.length) {
      this.others.append(words.strongest(this.before.pool), ...strongest.map(() => element("button", { class: "link" })));
    }
    strongest.forEach(({ input, sum }, index) => {
      const button = this.others.children[index];
      button.textContent = words.adds(input + 1, sum);
      button.setAttribute("aria-pressed", input === this.before.chosen);
      button.onclick = () => this.before.choose(input);
    });
  }
}

/** A picture with its layer's name. */
function figure(name) {
  const title = element("figcaption", {}, element("h4", {}, name === PIXELS ? words.pixels : name), element("p", { class: "note" }));
  return element("figure", {}, element("div", { class: "pixels" }, element("canvas", { role: "img" }), element("i", { class: "mark", hidden: true })), title);
}

function draw(canvas, name, channel) {
  const { image, data } = values[name];
  if (image) {
    [canvas.width, canvas.height] = [28, 28];
    drawImage(canvas, image);
  } else drawMap(canvas, mapOf(values[name], channel), sizeOf(values[name]).width, most(data));
}

/** Lay a mark on a square of a layer's map, or hide it where there is none. */
function mark(one, square, { shape: [, , height, width] }) {
  one.hidden = !square;
  if (square) placed(one, [square.x, square.y, square.side, square.side], width, height);
}

/** A number as it is read, which keeps all its digits. */
const number = (value, name = "number") => element("data", { value, class: name }, words.number(value));

const relu = ([value]) => [element("p", {}, ...words.relu(number(value), number(Math.max(0, value), "total")))];

const pool = (four) => [
  table(words.four, four.map((value) => [number(value)]), Math.sqrt(four.length)),
  element("p", {}, ...words.largest(number(Math.max(...four), "total"))),
];

/** Cells, each a list of what is in it, so many in a row. */
function table(title, cells, width) {
  const rows = Array.from({ length: cells.length / width }, (_, row) => cells.slice(width * row, width * (row + 1)));
  const body = rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, ...cell))));
  return element("table", {}, element("caption", {}, title), ...body);
}

/** The dense layers, numbers without a place, and what softmax makes of the last. */
class End {
  constructor() {
    this.layers = ["dense1", "relu3"];
    this.figures = this.layers.map(figure);
    this.scores = element("tbody");
    this.sentence = element("p");
    const head = element("tr", {}, ...words.scoresHead.map((title) => element("th", { scope: "col" }, title)));
    const scores = element("table", { class: "scores" }, element("caption", {}, words.scores), element("thead", {}, head), this.scores);
    this.made = element(
      "section", { class: "stage", "aria-label": words.end },
      element("div", { class: "chain" }, ...this.figures, element("div", { class: "softmax" }, scores, this.sentence)),
    );
  }

  show() {
    this.layers.forEach((name, index) => {
      const [canvas, { data }] = [this.figures[index].querySelector("canvas"), values[name]];
      drawMap(canvas, data, NUMBERS_A_ROW, most(data));
      canvas.setAttribute("aria-label", words.numbers(name, data.length));
      this.figures[index].querySelector(".note").textContent = words.step(kindOf(name), 0, data.length, 1, 1);
    });
    const scores = [...values.logits.data];
    const { powers, all, shares } = softmax(scores);
    const digit = indexOfMost(scores);
    this.scores.replaceChildren(...scores.map((score, each) => row(each, score / most(scores), score, powers[each], shares[each], each === digit)));
    this.sentence.textContent = words.softmax(digit, scores[digit], powers[digit], all, shares[digit]);
  }
}

/** A digit's score and share as bars; the score's is `length` long, from -1 to 1. */
function row(digit, length, score, power, share, isBest) {
  const [up, right] = [element("i"), element("i")];
  up.style.left = `${50 + 50 * Math.min(0, length)}%`;
  up.style.width = `${50 * Math.abs(length)}%`;
  right.style.width = `${100 * share}%`;
  return element(
    "tr", { class: isBest ? "best" : "" },
    element("th", { scope: "row" }, String(digit)),
    element("td", {}, element("span", { class: "signed" }, up), number(score)),
    element("td", {}, words.power(power)),
    element("td", {}, element("span", { class: "share" }, right), element("data", { value: share }, percent(share))),
  );
}

const first = new Stage(1, null);
const stages = [first, new Stage(2, first)];
const end = new End();
