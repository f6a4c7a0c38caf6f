// Corrections, and how they vote with the networks; see digits/reading/hand.py.

import { settings } from "./settings.js";

const { NEAR, VOTE, LITTLE } = settings.hand;
const NOTHING = 10; // the class of what is no digit

/** Vectors of `length` values each, one after the other, made as long as 1. */
export function features(values, length) {
  const vectors = [];
  for (let start = 0; start < values.length; start += length) {
    const vector = values.slice(start, start + length);
    const norm = Math.max(Math.sqrt(dot(vector, vector)), LITTLE);
    vectors.push(vector.map((value) => value / norm));
  }
  return vectors;
}

/**
 * What is said of an image, with the votes of corrections: 11 probabilities.
 * feature: of the image; probabilities: 11, without them, of each digit and of no digit.
 * corrections: features; labels: their classes; usual: features of each digit as it usually looks.
 */
export function voted(feature, probabilities, corrections, labels, usual) {
  const said = probabilities.indexOf(Math.max(...probabilities));
  const takenFor = said < NOTHING ? dot(feature, usual[said]) : Math.max(...usual.map((each) => dot(feature, each)));
  const nearest = new Map();
  corrections.forEach((each, index) => nearest.set(labels[index], Math.max(nearest.get(labels[index]) ?? -1, dot(feature, each))));
  const logits = probabilities.map((share) => Math.log(share + LITTLE));
  for (const [label, near] of nearest) logits[label] += VOTE * Math.max(0, near - Math.max(takenFor, NEAR));
  const odds = logits.map((value) => Math.exp(value - Math.max(...logits)));
  const sum = odds.reduce((total, value) => total + value, 0);
  return odds.map((value) => value / sum);
}

/** A box, { likely, which }, as 11 probabilities, and back. */
export const sharesOf = ({ likely, which }) => [...which.map((share) => likely * share), 1 - likely];
export function withShares(one, shares) {
  const likely = shares.slice(0, NOTHING).reduce((total, value) => total + value, 0);
  return { ...one, likely, which: shares.slice(0, NOTHING).map((share) => share / likely) };
}

function dot(a, b) {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index] * b[index];
  return sum;
}
