// Peaks of the finder's maps, and which overlapping boxes are one digit; see digits/reading/peaks.py.

import { dilated } from "./pixels.js";
import { settings } from "./settings.js";

const { STRIDE, UNIT, EXTREME, DIGITS, MOST, SAME } = settings.peaks;

export const logistic = (value) => 1 / (1 + Math.exp(-value));

/**
 * The digits in what the finder says of a picture: { box, score, probabilities }, the highest score first.
 * maps: float32, 14 maps of `width` by `height`, one after the other.
 */
export function peaks(maps, width, height, least) {
  const size = width * height;
  const best = maps.slice(0, size);
  for (let place = size; place < DIGITS * size; place++) best[place % size] = Math.max(best[place % size], maps[place]);
  const highest = dilated(best, width, height, 3);
  const places = [];
  const lowest = Math.log(least / (1 - least));
  best.forEach((value, place) => value === highest[place] && value > lowest && places.push(place));
  places.sort((a, b) => best[b] - best[a]);
  return places.slice(0, MOST).map((place) => {
    const at = (map) => maps[map * size + place];
    const each = Array.from({ length: DIGITS }, (_, digit) => logistic(at(digit)));
    const sum = each.reduce((total, share) => total + share, 0);
    const x = STRIDE * ((place % width) + at(DIGITS));
    const y = STRIDE * (Math.floor(place / width) + at(DIGITS + 1));
    const [wide, high] = [2, 3].map((map) => UNIT * Math.exp(Math.min(Math.max(at(DIGITS + map), -EXTREME), EXTREME)));
    return { box: [x - wide / 2, y - high / 2, wide, high], score: Math.max(...each), probabilities: each.map((share) => share / sum) };
  });
}

/** The indices of boxes that no box of a higher score covers, the highest score first. */
export const distinct = (boxes, scores) => grouped(boxes, scores, SAME).map(([first]) => first);

/**
 * The indices of boxes, those together that show the same: a box of a high score, first, and all that overlap it.
 * same: share of the smaller of two boxes, or of their `union`, that they have in common where they show the same.
 */
export function grouped(boxes, scores, same, union = false) {
  let waiting = boxes.map((_, index) => index).sort((a, b) => scores[b] - scores[a]);
  const groups = [];
  while (waiting.length) {
    const [left, top, wide, high] = boxes[waiting[0]];
    const isSame = (index, place) => {
      const [x, y, width, height] = boxes[index];
      const across = Math.min(left + wide, x + width) - Math.max(left, x);
      const down = Math.min(top + high, y + height) - Math.max(top, y);
      const common = Math.max(0, across) * Math.max(0, down);
      const whole = union ? wide * high + width * height - common : Math.min(wide * high, width * height);
      return place === 0 || common > same * whole;
    };
    const together = waiting.filter(isSame);
    waiting = waiting.filter((index) => !together.includes(index));
    groups.push(together);
  }
  return groups;
}
