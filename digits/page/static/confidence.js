// How sure a reading is, by fitted weights; see digits/reading/confidence.py.

import { logistic } from "./peaks.js";
import { settings } from "./settings.js";

const { MOST: SUREST, BESIDE_INK, LITTLE, weights } = settings.confidence;

export const MOST = SUREST;

/** The probability that a box is one digit: of the finder's score and mean, and the reader's doubt. */
export const isDigit = (score, mean, doubt) => weighed([logit(score), logit(mean), logit(1 - doubt)], weights.digit);

/** The probability of each digit, if it is one, of what both networks say. */
export function whichDigit(finder, reader) {
  const [one, other] = weights.which;
  const both = finder.map((share, digit) => one * Math.log(share + LITTLE) + other * Math.log(reader[digit] + LITTLE));
  const odds = both.map((value) => Math.exp(value - Math.max(...both)));
  const sum = odds.reduce((total, value) => total + value, 0);
  return odds.map((value) => value / sum);
}

/** What speaks against a reading as a whole: digits' confidences, what was refused, and how many boxes were left out. */
export function doubts(digits, refused, ink) {
  const logs = digits.map(Math.log);
  const unseen = refused.map((share) => Math.log1p(-Math.min(Math.max(share, 0), 1 - LITTLE)));
  return [sum(logs), Math.min(0, ...logs), sum(unseen), Math.log1p(ink)];
}

/** The probability that a text is right as a whole, of the `doubts` about it. */
export const ofText = (against) => Math.min(SUREST, weighed(against, weights.text));

/** The probability that there is no digit, where none was read. */
export const ofNone = (against) => Math.min(against.at(-1) ? BESIDE_INK : SUREST, weighed(against, weights.none));

const sum = (values) => values.reduce((total, value) => total + value, 0);
const weighed = (values, by) => logistic(values.reduce((total, value, index) => total + by[index] * value, by.at(-1)));

function logit(probability) {
  const clipped = Math.min(Math.max(probability, LITTLE), 1 - LITTLE);
  return Math.log(clipped / (1 - clipped));
}
