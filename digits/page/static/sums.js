// How the values of Baseline's maps come about. Maps are { shape: [1, channels, height, width], data }, the weights of
// filters { shape: [maps, channels, 3, 3], data }, and a place is a pixel, { x, y }.

export const SIDE = 3; // of a filter
const POOL = 2; // side of the square of which the largest value is kept

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** One channel's values, row by row. */
export function mapOf({ shape: [, , height, width], data }, channel) {
  return data.slice(channel * height * width, (channel + 1) * height * width);
}

/** The weights with which a filter looks for its map `channel` in the map `input`, nine, row by row. */
export function filterOf({ shape: [, inputs], data }, channel, input) {
  const first = (channel * inputs + input) * SIDE ** 2;
  return data.slice(first, first + SIDE ** 2);
}

/** Of which square of the map before a layer's value at a place is made: { x, y, side }. */
export function sourceOf(kind, { x, y }) {
  if (kind === "conv") return { x, y, side: SIDE };
  return kind === "pool" ? { x: POOL * x, y: POOL * y, side: POOL } : { x, y, side: 1 };
}

/** The values of a square, row by row. */
export function valuesIn({ shape: [, , height, width], data }, channel, { x, y, side }) {
  const at = (index) => (channel * height + y + Math.floor(index / side)) * width + x + (index % side);
  return Array.from({ length: side ** 2 }, (_, index) => data[at(index)]);
}

/** Of each map before a convolution, what it adds to a value: { input, pixels, weights, sum }. */
export function additions(before, filters, channel, place) {
  return Array.from({ length: before.shape[1] }, (_, input) => {
    const pixels = valuesIn(before, input, sourceOf("conv", place));
    const weights = filterOf(filters, channel, input);
    return { input, pixels, weights, sum: sum(pixels.map((pixel, index) => pixel * weights[index])) };
  });
}

/** What additions and the bias come to. */
export const total = (added, bias) => sum(added.map((one) => one.sum)) + bias;

/** For each score e to its power, `powers`, their sum, `all`, and what part of it each is, `shares`. */
export function softmax(scores) {
  const powers = scores.map(Math.exp);
  const all = sum(powers);
  return { powers, all, shares: powers.map((power) => power / all) };
}
