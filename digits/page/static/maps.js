// Maps as pictures, ink above zero and blue below, and numbers.

import { inkColour } from "./answer.js";
import { element } from "./element.js";
import { words } from "./words.js";

/** What a layer does, as its name says: "conv" of "conv1". */
export const kindOf = (name) => name.replace(/\d+$/, "");

/** How far from zero any of the values is, a little at least. */
export const most = (values) => values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-9);

/** A value as red, green, blue and alpha; `largest` is as strong as can be. */
export function colourOf(value, largest, ink) {
  const strength = Math.min(1, Math.abs(value) / largest) ** 0.7;
  return value >= 0 ? [...ink, 255 * strength] : [46, 110, 190, 255 * strength];
}

/** Draw values, row by row, a pixel each. */
export function drawMap(canvas, values, width, largest = most(values)) {
  [canvas.width, canvas.height] = [width, values.length / width];
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  const ink = inkColour();
  values.forEach((value, place) => pixels.data.set(colourOf(value, largest, ink), 4 * place));
  context.putImageData(pixels, 0, 0);
}

/** An empty map with a mark on it and the title of its layer: `{ made, canvas, mark, note }`. */
export function figure(title) {
  const [canvas, mark, note] = [
    element("canvas", { role: "img" }), element("i", { class: "mark", hidden: true }), element("p", { class: "note" }),
  ];
  const caption = element("figcaption", {}, element("h4", {}, title), note);
  return { made: element("figure", {}, element("div", { class: "pixels" }, canvas, mark), caption), canvas, mark, note };
}

/** A number as it is read, which keeps all its digits. */
export const number = (value, name = "number") => element("data", { value, class: name }, words.number(value));
