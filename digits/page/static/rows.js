// Rows of writing: which boxes stand side by side, in reading order; see digits/reading/rows.py.

import { settings } from "./settings.js";

const { BESIDE, RECENT, STEEPEST, LEVEL, ALONG, SPACE, APART } = settings.rows;

/** The indices of boxes, row by row from above, each row from the left. */
export function inRows(boxes) {
  const [xs, ys] = [0, 1].map((side) => boxes.map((box) => box[side] + box[side + 2] / 2));
  const rows = [];
  for (const index of boxes.map((_, each) => each).sort((a, b) => xs[a] - xs[b])) {
    const [left, , , height] = boxes[index];
    let [best, least] = [null, Infinity];
    for (const row of rows) {
      const [last, recent] = [boxes[row.at(-1)], row.slice(-RECENT)];
      const expected = continued(recent.map((each) => xs[each]), recent.map((each) => ys[each]), xs[index], LEVEL * last[3]);
      const overlap = (last[3] + height) / 2 - Math.abs(expected - ys[index]);
      const distance = Math.abs(expected - ys[index]) + ALONG * (left - last[0] - last[2]);
      if (overlap > BESIDE * Math.min(last[3], height) && distance < least) [best, least] = [row, distance];
    }
    if (best) best.push(index);
    else rows.push([index]);
  }
  const level = (row) => mean(row.map((index) => ys[index]));
  return rows.sort((a, b) => level(a) - level(b));
}

/** The y at which a line through points comes to x = `to`, level beyond `furthest` pixels from their middle. */
function continued(xs, ys, to, furthest) {
  const [x, y] = [mean(xs), mean(ys)];
  if (xs.length < 3) return y;
  const along = xs.reduce((sum, each, index) => sum + (each - x) * (ys[index] - y), 0);
  const slope = along / Math.max(1, xs.reduce((sum, each) => sum + (each - x) ** 2, 0));
  return y + Math.min(Math.max(slope, -STEEPEST), STEEPEST) * Math.min(to - x, furthest);
}

/** Which group of its row each box belongs to, from 0, where a wide gap parts groups; boxes of one row, from the left. */
export function inGroups(boxes) {
  if (boxes.length < 2) return boxes.map(() => 0);
  const middles = boxes.map(([left, , width]) => left + width / 2);
  const apart = middles.slice(1).map((middle, index) => middle - middles[index]);
  const height = middleOf(boxes.map((box) => box[3]));
  const usual = Math.min(middleOf(apart), height);
  let group = 0;
  return boxes.map(([left], index) => {
    const before = boxes[index - 1];
    if (before && apart[index - 1] > APART * usual && left - before[0] - before[2] > SPACE * height) group++;
    return group;
  });
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function middleOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
