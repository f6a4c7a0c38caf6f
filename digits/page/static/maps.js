// Maps as pictures: ink above zero, blue below.

import { inkColour } from "./answer.js";

export const most = (values) => values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-9);

/** A value as red, green, blue and alpha; `largest` is as strong as can be. */
export function colourOf(value, largest, ink) {
  const strength = Math.min(1, Math.abs(value) / largest) ** 0.7;
  return value >= 0 ? [...ink, 255 * strength] : [46, 110, 190, 255 * strength];
}

/** Draw values, row by row, a pixel each. */
export function drawMap(canvas, values, width, largest) {
  [canvas.width, canvas.height] = [width, values.length / width];
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  const ink = inkColour();
  values.forEach((value, place) => pixels.data.set(colourOf(value, largest, ink), 4 * place));
  context.putImageData(pixels, 0, 0);
}
