// The ink of a character within its box in a picture; see digits/ink.py.

import { components, cropped, dilated, distances, median, otsu, round, scaled } from "./pixels.js";
import { settings } from "./settings.js";

const { BESIDE, HIGH, INSIDE, SPECK } = settings.ink;

/** Where the ink of a character is, { mask, width, height }, without empty edges, at a size that suits a network. */
export function inkOf(picture, [left, top, width, height]) {
  const around = BESIDE * Math.max(width, height) + 1;
  const [x0, y0] = [left, top].map((value) => Math.max(0, Math.trunc(value - around)));
  const x1 = Math.min(round(left + width + around), picture.width);
  const y1 = Math.min(round(top + height + around), picture.height);
  if (x1 <= x0 || y1 <= y0) return { mask: new Uint8Array(1), width: 1, height: 1 };
  const factor = HIGH / Math.max(x1 - x0, y1 - y0);
  const window = scaled(cropped(picture, x0, y0, x1 - x0, y1 - y0), factor);
  const [x, y] = [left - x0, top - y0].map((value) => Math.max(0, round(value * factor)));
  const inside = new Uint8Array(window.width * window.height);
  for (let row = y; row < Math.min(window.height, Math.max(y + 1, round(y + height * factor))); row++) {
    inside.fill(1, row * window.width + x, row * window.width + Math.min(window.width, Math.max(x + 1, round(x + width * factor))));
  }
  const ink = contrast(window, inside);
  const level = otsu(ink);
  return trimmed(connected(ink.map((value) => (value > level ? 1 : 0)), inside, window), window);
}

/** How much each pixel differs from the ground, in the channel and the direction in which the ink does. */
function contrast({ data, width, height, channels }, inside) {
  const edge = [];
  for (let x = 0; x < width; x++) edge.push(x, (height - 1) * width + x);
  for (let y = 0; y < height; y++) edge.push(y * width, y * width + width - 1);
  const ground = Array.from({ length: channels }, (_, channel) => {
    const counts = new Uint32Array(256);
    for (const place of edge) counts[data[place * channels + channel]]++;
    return Math.trunc(median(counts));
  });
  const [darker, brighter] = [new Uint8Array(width * height), new Uint8Array(width * height)];
  let [dark, bright] = [0, 0];
  for (let place = 0; place < darker.length; place++) {
    for (let channel = 0; channel < channels; channel++) {
      const less = ground[channel] - data[place * channels + channel];
      darker[place] = Math.max(darker[place], less);
      brighter[place] = Math.max(brighter[place], -less);
    }
    if (!inside[place]) continue;
    dark += darker[place] ** 2;
    bright += brighter[place] ** 2;
  }
  return dark >= bright ? darker : brighter;
}

/** The connected ink that belongs to the character: most of it is inside the box. */
function connected(mask, inside, { width, height }) {
  const { labels, boxes } = components(mask, width, height);
  const [whole, within] = [new Float64Array(boxes.length + 1), new Float64Array(boxes.length + 1)];
  labels.forEach((label, place) => {
    whole[label]++;
    within[label] += inside[place];
  });
  const ink = within.reduce((sum, count) => sum + count, -within[0]);
  const isKept = Array.from(within, (count, label) => label > 0 && count >= INSIDE * whole[label] && count >= SPECK * ink);
  return mask.map((value, place) => (isKept.includes(true) ? isKept[labels[place]] : value & inside[place]));
}

function trimmed(mask, { width, height }) {
  let [left, right, top, bottom] = [width, -1, height, -1];
  mask.forEach((value, place) => {
    if (!value) return;
    const [x, y] = [place % width, Math.floor(place / width)];
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
  });
  if (right < 0) return { mask: new Uint8Array(1), width: 1, height: 1 };
  const [wide, high] = [right + 1 - left, bottom + 1 - top];
  return { mask: cropped({ data: mask, width, channels: 1 }, left, top, wide, high).data, width: wide, height: high };
}

/** The usual width of strokes in pixels, 0 where there is no ink: twice the distance of strokes' middles to paper. */
export function strokeWidth({ mask, width, height }) {
  const distance = distances(mask, width, height);
  const highest = dilated(distance, width, height, 3);
  const middles = distance.filter((value, place) => value && value === highest[place]).sort();
  let half = middles.reduce((sum, value) => sum + value, 0) / 2;
  const usual = middles.find((value) => (half -= value) <= 0);
  return usual === undefined ? 0 : (2 * usual) / 65536 - 1;
}
