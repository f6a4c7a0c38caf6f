// Look inside: what the network sees, which places spoke for its answer and against the next, and the maps of its layers.

import { drawImage, element, inkColour, runnerUp } from "./answer.js";
import { compute } from "./network.js";
import { place, words } from "./words.js";

const PATCH = 5; // pixels of the side of a patch that is covered
const STEP = 2; // pixels from one patch to the next
const TOGETHER = 12; // covered images that the worker is asked about at once, so that drawing never waits long

const byId = (id) => document.getElementById(id);
const ROOM = 3; // pixels between maps
let asked = 0; // the last time that something was asked to be shown
let layers = [];

/** Show how `network` comes to its answer about a digit, or nothing for null. */
export async function lookInside(one, network) {
  const own = ++asked;
  const isNew = () => own === asked;
  byId("inside-content").hidden = !one;
  byId("inside-lead").textContent = one ? words.insideLead(one.digit, words.networks[network]) : words.insideEmpty;
  if (!one) return;
  drawImage(byId("seen"), one.image);
  byId("seen").setAttribute("aria-label", words.seen);
  for (const name of ["for", "against"]) {
    byId(`${name}-caption`).textContent = words.working;
    drawImage(byId(name), one.image, (value) => [...inkColour(), value / 4]);
  }
  const maps = await compute("inside", { network, image: one.image });
  const [answer] = await compute("classify", { network, images: [one.image] });
  if (!isNew()) return;
  showLayers(maps);
  const alone = { ...one, probabilities: answer.probabilities, digit: digitOf(answer) };
  if (alone.digit !== one.digit) byId("inside-lead").textContent = words.insideAlone(one.digit, alone.digit, words.networks[network]);
  await showPlaces(alone, answer, network, isNew);
}

/** The digit that a network calls an image, null for none. */
function digitOf({ probabilities, doubt }) {
  return doubt > 0.5 ? null : indexOfMost(probabilities);
}

/** Cover patch after patch, and show what is lost of the answer, and what its runner-up gains. */
async function showPlaces(one, before, network, isNew) {
  const patches = patchesOf(one.image);
  const second = runnerUp(one).value;
  const sureness = (answer) => {
    if (one.digit === null) return answer.doubt;
    return answer.probabilities[one.digit] * Math.max(0, 1 - answer.doubt);
  };
  const gain = (answer) => answer.probabilities[second] * Math.max(0, 1 - answer.doubt);
  const answers = [];
  for (let first = 0; first < patches.length; first += TOGETHER) {
    const some = patches.slice(first, first + TOGETHER);
    answers.push(...(await compute("classify", { network, images: some.map((patch) => covered(one.image, patch)) })));
    if (!isNew()) return;
  }
  const lost = answers.map((answer) => sureness(before) - sureness(answer));
  const gained = answers.map((answer) => gain(answer) - gain(before));
  const worst = patches[indexOfMost(lost)];
  const best = patches[indexOfMost(gained)];
  drawHeat(byId("for"), one.image, heat(patches, lost), [176, 58, 30]);
  drawHeat(byId("against"), one.image, heat(patches, gained), [36, 92, 158]);
  byId("for-caption").textContent = words.forAnswer(
    words.answerOf(one.digit), sureness(before), sureness(before) - Math.max(...lost), place(worst.x + 2, worst.y + 2),
  );
  byId("against-caption").textContent = words.against(
    second, gain(before), gain(before) + Math.max(...gained), place(best.x + 2, best.y + 2),
  );
  for (const name of ["for", "against"]) byId(name).setAttribute("aria-label", byId(`${name}-caption`).textContent);
}

/** The corners of patches that cover some ink, at least one. */
function patchesOf(image) {
  const patches = [];
  for (let y = 0; y + PATCH <= 28; y += STEP) {
    for (let x = 0; x + PATCH <= 28; x += STEP) {
      if (pixelsOf({ x, y }).some((pixel) => image[pixel] > 40)) patches.push({ x, y });
    }
  }
  return patches.length ? patches : [{ x: 12, y: 12 }];
}

const pixelsOf = ({ x, y }) =>
  Array.from({ length: PATCH * PATCH }, (_, index) => 28 * (y + Math.floor(index / PATCH)) + x + (index % PATCH));

function covered(image, patch) {
  const copy = image.slice();
  for (const pixel of pixelsOf(patch)) copy[pixel] = 0;
  return copy;
}

/** For each pixel the mean of the values of the patches that cover it, 0 to 1 of the largest; nothing below zero. */
function heat(patches, values) {
  const [sum, count] = [new Float32Array(784), new Float32Array(784)];
  patches.forEach((patch, index) => {
    for (const pixel of pixelsOf(patch)) {
      sum[pixel] += Math.max(0, values[index]);
      count[pixel] += 1;
    }
  });
  const mean = sum.map((value, pixel) => value / Math.max(1, count[pixel]));
  const most = Math.max(0.02, ...mean); // less than two hundredths is nothing to speak of
  return mean.map((value) => value / most);
}

/** The image in faint ink, and over it heat in a colour. */
function drawHeat(canvas, image, values, colour) {
  const ink = inkColour();
  drawImage(canvas, image, (value, pixel) => {
    const [over, under] = [0.9 * values[pixel], (0.55 * value) / 255];
    const alpha = over + under * (1 - over);
    const mixed = colour.map((each, index) => (alpha ? (each * over + ink[index] * under * (1 - over)) / alpha : 0));
    return [...mixed, 255 * alpha];
  });
}

const indexOfMost = (values) => values.reduce((best, value, index) => (value > values[best] ? index : best), 0);

/** The maps of all layers as small multiples: a canvas a layer, in a button that enlarges the one that is tapped. */
function showLayers(maps) {
  layers = maps.map(described);
  const list = byId("layers");
  while (list.children.length > layers.length) list.lastChild.remove();
  layers.forEach((layer, number) => {
    if (!list.children[number]) list.append(emptyLayer(number));
    const [head, note, button] = list.children[number].children;
    head.textContent = layer.name;
    note.textContent = `${words.layer(layer.name, layer.channels, layer.height, layer.width)}, ${words.kinds[layer.kind]}`;
    button.setAttribute("aria-label", words.maps(layer.name, layer.channels));
    drawLayer(button.firstChild, layer);
  });
}

function emptyLayer(number) {
  const button = element("button", { class: "maps" }, element("canvas"));
  button.onclick = (event) => enlarge(number, event.detail ? tapped(layers[number], button.firstChild, event) : 0);
  return element("div", { class: "layer" }, element("h4"), element("p", { class: "note" }), button);
}

function described({ name, shape, data }) {
  const [channels, height = 1, width = 1] = shape;
  const most = data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-9);
  const zoom = Math.max(1, Math.round((height > 20 ? 56 : height > 8 ? 42 : height > 1 ? 30 : 18) / height));
  const room = byId("layers").clientWidth / (byId("layers").clientWidth > 800 ? 2 : 1) - 24;
  const fitting = Math.max(1, Math.floor((room + ROOM) / (zoom * width + ROOM)));
  const columns = Math.ceil(channels / Math.ceil(channels / fitting)); // rows of about one length
  return { name, kind: name.replace(/\d+$/, ""), channels, height, width, data, most, zoom, columns };
}

/** A value as a colour: ink above zero, blue below. */
function colourOf(value, most, ink) {
  const strength = Math.min(1, Math.abs(value) / most) ** 0.7;
  return value >= 0 ? [...ink, 255 * strength] : [46, 110, 190, 255 * strength];
}

function drawLayer(canvas, layer) {
  const { channels, height, width, data, most, zoom, columns } = layer;
  const [high, wide] = [zoom * height + ROOM, zoom * width + ROOM];
  const context = canvas.getContext("2d");
  canvas.width = columns * wide - ROOM;
  canvas.height = Math.ceil(channels / columns) * high - ROOM;
  const pixels = context.createImageData(canvas.width, canvas.height);
  const ink = inkColour();
  for (let channel = 0; channel < channels; channel++) {
    const [left, top] = [(channel % columns) * wide, Math.floor(channel / columns) * high];
    for (let y = 0; y < zoom * height; y++) {
      for (let x = 0; x < zoom * width; x++) {
        const value = data[(channel * height + Math.floor(y / zoom)) * width + Math.floor(x / zoom)];
        const [red, green, blue, alpha] = colourOf(value, most, ink);
        pixels.data.set([red, green, blue, Math.max(14, alpha)], 4 * ((top + y) * canvas.width + left + x));
      }
    }
  }
  context.putImageData(pixels, 0, 0);
}

function tapped({ channels, height, width, zoom, columns }, canvas, event) {
  const { left, top, width: shown } = canvas.getBoundingClientRect();
  const scale = canvas.width / shown;
  const column = Math.floor(((event.clientX - left) * scale) / (zoom * width + ROOM));
  const row = Math.floor(((event.clientY - top) * scale) / (zoom * height + ROOM));
  return Math.min(channels - 1, Math.max(0, row * columns + Math.min(column, columns - 1)));
}

let enlarged = { layer: 0, channel: 0 };

/** Show one map large, in a dialog. */
function enlarge(number, channel) {
  const layer = layers[number];
  if (!layer) return;
  enlarged = { layer: number, channel: (channel + layer.channels) % layer.channels };
  const { height, width, most } = layer;
  const values = layer.data.slice(enlarged.channel * height * width, (enlarged.channel + 1) * height * width);
  const canvas = byId("large-map");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(width, height);
  values.forEach((value, index) => pixels.data.set(colourOf(value, most, inkColour()), 4 * index));
  context.putImageData(pixels, 0, 0);
  byId("large-title").textContent = words.map(layer.name, enlarged.channel + 1, layer.channels);
  byId("large-note").textContent = words.range(Math.min(...values), Math.max(...values));
  canvas.setAttribute("aria-label", byId("large-title").textContent);
  if (!byId("large").open) byId("large").showModal();
}

byId("previous").onclick = () => enlarge(enlarged.layer, enlarged.channel - 1);
byId("next").onclick = () => enlarge(enlarged.layer, enlarged.channel + 1);
byId("close").onclick = () => byId("large").close();
byId("large").onclick = (event) => event.target === byId("large") && byId("large").close();
byId("large").onkeydown = ({ key }) => {
  if (key === "ArrowLeft") byId("previous").click();
  if (key === "ArrowRight") byId("next").click();
};
