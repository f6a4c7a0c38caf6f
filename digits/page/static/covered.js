// Which places speak for an answer and against the next: patch after patch is covered, and the network asked again.

import { drawImage, inkColour, runnerUp } from "./answer.js";
import { compute } from "./network.js";
import { place, words } from "./words.js";

const PATCH = 5; // pixels of the side of a patch that is covered
const STEP = 2; // pixels from one patch to the next
const TOGETHER = 12; // covered images that the worker is asked about at once, so that drawing never waits long

const byId = (id) => document.getElementById(id);
const CANVASES = ["for", "against"];

/** Show that places are looked for in an image. */
export function beginPlaces(image) {
  for (const name of CANVASES) {
    byId(`${name}-caption`).textContent = words.working;
    drawImage(byId(name), image, (value) => [...inkColour(), value / 4]);
  }
}

/** Cover patch after patch, and show what is lost of the answer, and what its runner-up gains. */
export async function showPlaces(one, before, network, isNew) {
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
  for (const name of CANVASES) byId(name).setAttribute("aria-label", byId(`${name}-caption`).textContent);
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

export const indexOfMost = (values) => values.reduce((best, value, index) => (value > values[best] ? index : best), 0);
