// What is left out: ink that is seen in a picture, and is no digit; see digits/reading/left_out.py.

import { components, dilated, linear, median, medianBlur, resized, round, scaled } from "./pixels.js";
import { settings } from "./settings.js";

const { SIDE, GROUND, AROUND, FAINTEST, GRAIN, SMALLEST, CLOSE, GROWN, MOST, TINY } = settings.left_out;

const inks = new WeakMap(); // by picture, which is looked at more than once

/** Boxes of connected ink that is in none of the digits' boxes, the largest first. */
export function leftOut(picture, digits) {
  const factor = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  if (!inks.has(picture)) {
    const reduced = scaled(picture, factor);
    inks.set(picture, { width: reduced.width, height: reduced.height, ink: inkIn(reduced) });
  }
  const { width, height, ink } = inks.get(picture);
  const mask = ink.slice();
  for (const box of digits) {
    const [left, top, wide, high] = box.map((value) => value * factor);
    const grown = GROWN * Math.max(wide, high) + 1;
    const [x0, y0] = [left, top].map((value) => Math.max(0, Math.trunc(value - grown)));
    const x1 = Math.min(width, Math.max(0, round(left + wide + grown)));
    const y1 = Math.min(height, Math.max(0, round(top + high + grown)));
    for (let y = y0; y < y1; y++) mask.fill(0, y * width + x0, y * width + Math.max(x0, x1));
  }
  const reach = CLOSE >> 1;
  const together = dilated(mask, width, height, CLOSE);
  return components(together, width, height)
    .boxes.map(([left, top, wide, high]) => [left + reach, top + reach, wide - 2 * reach, high - 2 * reach])
    .filter(([, , wide, high]) => Math.max(wide, high) >= SMALLEST)
    .sort((a, b) => b[2] * b[3] - a[2] * a[3])
    .slice(0, MOST)
    .map((box) => box.map((value, side) => Math.max(side > 1 ? 1 : 0, round(Math.max(0, value) / factor))));
}

/**
 * The box of the one thing in a picture; null where there is more than one, or none.
 * scale: pixels of the original for one of these.
 */
export function alone(picture, scale) {
  const { width, height } = picture;
  if (scale * Math.max(width, height) <= TINY) return [0, 0, width, height];
  const boxes = leftOut(picture, []);
  return boxes.length === 1 ? boxes[0] : null;
}

/** Where pixels differ from the ground around them: uint8, 0 or 1. */
function inkIn(picture) {
  const { data, width, height, channels } = picture;
  const factor = Math.min(1, GROUND / Math.max(width, height));
  const few = medianBlur(scaled(picture, factor), AROUND);
  const ground = resized(few, width, height, linear).data;
  const difference = new Uint8Array(width * height);
  const counts = new Uint32Array(256);
  for (let place = 0, pixel = 0; pixel < difference.length; pixel++) {
    for (let channel = 0; channel < channels; channel++, place++) {
      difference[pixel] = Math.max(difference[pixel], Math.abs(data[place] - ground[place]));
    }
    counts[difference[pixel]]++;
  }
  const least = Math.max(FAINTEST, GRAIN * median(counts));
  return difference.map((value) => (value > least ? 1 : 0));
}
