// Where digits stand in a picture, as a network says that is asked at several sizes; see digits/reading/finder.py.

import { leftOut } from "./left_out.js";
import { grouped, peaks } from "./peaks.js";
import { cropped, round, scaled } from "./pixels.js";
import { settings } from "./settings.js";

const { SIZES, LEAST, SMALL, CLEAR, SURE, SAME, MARGIN, ENLARGED, TINY, FITTING, MULTIPLE } = settings.finder;
const { STRIDE } = settings.peaks;

/**
 * What may be digits in a picture: { box, score, mean, probabilities }, the likeliest first.
 * finder: asks the network about pixels (uint8, [height, width, 3]), which says 14 maps.
 */
export async function find(picture, finder, sizes = SIZES) {
  const longer = Math.max(picture.width, picture.height);
  const asked = sizes.filter((size) => size <= Math.max(ENLARGED * longer, TINY));
  const found = [];
  const explained = [];
  let glimpsed = true;
  for (const size of asked.length ? asked : sizes.slice(0, 1)) {
    const factor = size / longer;
    const region = size > SMALL ? regionOf(picture, explained, MARGIN / factor) : [0, 0, picture.width, picture.height];
    if (!region || (size === sizes.at(-1) && !glimpsed)) break;
    const part = scaled(cropped(picture, ...region), factor);
    const [left, top, width, height] = region;
    const ratio = [width / part.width, height / part.height];
    const seen = peaks(...(await mapsOf(part, finder)), LEAST);
    glimpsed = seen.some(({ box }) => longerSide(box) < CLEAR);
    for (const { box, ...said } of seen) {
      const side = longerSide(box);
      if (side <= FITTING[0] || side >= FITTING[1]) continue;
      const placed = box.map((value, index) => value * ratio[index % 2] + [left, top, 0, 0][index]);
      found.push({ ...said, box: placed });
      if (side > CLEAR && said.score > SURE) explained.push(placed);
    }
  }
  return agreed(found);
}

const longerSide = ([, , width, height]) => Math.max(width, height);

/** What the network says of a picture: its maps, their width and height. */
async function mapsOf({ data, width, height, channels }, finder) {
  const [wide, high] = [width, height].map((side) => MULTIPLE * Math.ceil(side / MULTIPLE));
  const pixels = new Uint8Array(wide * high * 3);
  for (let y = 0, place = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      const from = (Math.min(y, height - 1) * width + Math.min(x, width - 1)) * channels;
      for (let channel = 0; channel < 3; channel++) pixels[place++] = data[from + (channel % channels)];
    }
  }
  const said = await finder({ data: pixels, dims: [1, high, wide, 3] });
  const [columns, rows] = [Math.ceil(width / STRIDE), Math.ceil(height / STRIDE)];
  const [line, size] = [wide / STRIDE, (wide * high) / STRIDE ** 2];
  const maps = new Float32Array((said.length / size) * rows * columns);
  for (let map = 0, place = 0; map < said.length / size; map++) {
    for (let y = 0; y < rows; y++, place += columns) maps.set(said.subarray(map * size + y * line, map * size + y * line + columns), place);
  }
  return [maps, columns, rows];
}

/** What was found at several sizes, as one: the more sizes show a digit, the likelier it is one. */
function agreed(found) {
  const groups = grouped(found.map(({ box }) => box), found.map(({ score }) => score), SAME, true);
  const together = groups.map((group) => {
    const own = group.map((index) => found[index]);
    const sum = own.reduce((total, { score }) => total + score, 0);
    const whose = own[0].probabilities.map((_, digit) => own.reduce((total, one) => total + one.score * one.probabilities[digit], 0) / sum);
    return {
      box: own[0].box,
      score: 1 - own.reduce((product, { score }) => product * (1 - score / 2), 1),
      mean: sum / own.length,
      probabilities: whose,
    };
  });
  return together.sort((a, b) => b.score - a.score);
}

/** Where ink is left that is in no digit's box: left, top, width and height, with a margin in pixels. */
function regionOf(picture, digits, margin) {
  const ink = leftOut(picture, digits);
  if (!ink.length) return null;
  const [left, top] = [0, 1].map((side) => Math.max(0, Math.trunc(Math.min(...ink.map((box) => box[side])) - margin)));
  const [right, bottom] = [0, 1].map((side) => round(Math.max(...ink.map((box) => box[side] + box[side + 2])) + margin));
  return [left, top, Math.min(picture.width, right) - left, Math.min(picture.height, bottom) - top];
}
