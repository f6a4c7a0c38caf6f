// MNIST's form, which the graph form.onnx makes of ink; see digits/reading/form.py and crops.py.

import { inkOf, strokeWidth } from "./ink.js";
import { settings } from "./settings.js";

const { SIDE, TOGETHER } = settings.form;

/**
 * The digits in boxes of a picture, in MNIST's form: uint8, 28 × 28 each, ink bright on dark.
 * form: asks the graph, of ink (uint8, [count, height, width]) and the widths of strokes.
 */
export async function cutOut(picture, boxes, form) {
  const inks = boxes.map((box) => inkOf(picture, box));
  const images = Array(boxes.length);
  const order = inks.map((_, index) => index).sort((a, b) => longer(inks[a]) - longer(inks[b]));
  for (let start = 0; start < order.length; start += TOGETHER) {
    const chosen = order.slice(start, start + TOGETHER);
    const own = chosen.map((index) => inks[index]);
    const made = await form(padded(own), Float32Array.from(own, strokeWidth));
    chosen.forEach((index, place) => (images[index] = made.slice(SIDE * SIDE * place, SIDE * SIDE * (place + 1))));
  }
  return images;
}

const longer = ({ width, height }) => Math.max(width, height);

/** Masks of several sizes as one array of ink, the rest of each empty. */
function padded(inks) {
  const [height, width] = [Math.max(...inks.map((ink) => ink.height)), Math.max(...inks.map((ink) => ink.width))];
  const data = new Uint8Array(inks.length * height * width);
  inks.forEach((ink, number) => {
    for (let y = 0; y < ink.height; y++) {
      for (let x = 0; x < ink.width; x++) data[(number * height + y) * width + x] = 255 * ink.mask[y * ink.width + x];
    }
  });
  return { data, dims: [inks.length, height, width] };
}
