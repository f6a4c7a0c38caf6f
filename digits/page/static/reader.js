// The digits in a picture: the finder's boxes, what the reader says of each, and the text; see digits/reading/reader.py.

import { doubts, isDigit, MOST, ofNone, ofText, whichDigit } from "./confidence.js";
import { find } from "./finder.js";
import { cutOut } from "./form.js";
import { alone, leftOut } from "./left_out.js";
import { distinct } from "./peaks.js";
import { round, turned } from "./pixels.js";
import { inGroups, inRows } from "./rows.js";
import { settings } from "./settings.js";

const { SURE, CLEAR, LEFT, TURNED, FEW, GLANCE } = settings.reader;

/**
 * What is read in a picture, one of whose pixels is `scale` of the original's:
 * { text, confidence, digits, left_out }, as Python's Reading; a lone thing that is none has a digit of null.
 * networks: { finder, form, reader, doubts, vote }: functions that ask a graph each, whether the reader knows "no
 * digit", and what gives boxes, { image, likely, which }, with the votes of corrections.
 */
export async function read(picture, scale, networks) {
  let upright = picture;
  let seen = await look(picture, scale, networks);
  let left = leftOut(picture, seen.read.map(({ box }) => box));
  const turns = await turnsOf(picture, seen, left.length, networks);
  if (turns) {
    upright = turned(picture, turns);
    seen = await look(upright, scale, networks);
    left = leftOut(upright, seen.read.map(({ box }) => box));
  }
  if (!networks.doubts && !seen.read.length) [seen, left] = [await taken(upright, left, networks), []];
  const original = (box) => originalOf(picture, scale, turns, box);
  return readingOf(seen, left, original);
}

/** What both networks say of each box, before it is weighed: { box, score, mean, probabilities, image, answer }. */
export async function ask(picture, networks, sizes) {
  const found = await find(picture, networks.finder, sizes);
  return answered(picture, found, networks);
}

/** Boxes with what is in them, and the reader's answer: { probabilities, doubt }. */
async function answered(picture, found, networks) {
  const images = await cutOut(picture, found.map(({ box }) => box), networks.form);
  const answers = images.length ? await networks.reader(images) : [];
  return found.map((one, index) => ({ ...one, image: images[index], answer: answers[index] }));
}

/** What is read of what both networks say, weighed, and of corrections' votes: { rows, refused }, of what boxes are. */
async function judged(asked, networks) {
  const alone = asked.map((one) => ({
    ...one,
    likely: isDigit(one.score, one.mean, one.answer.doubt),
    which: whichDigit(one.probabilities, one.answer.probabilities),
  }));
  const weighed = await networks.vote(alone);
  const apart = distinct(weighed.map(({ box }) => box), weighed.map(({ likely }) => likely)).map((index) => weighed[index]);
  return seenOf(apart.filter(({ likely }) => likely > SURE), apart.filter(({ likely }) => likely <= SURE));
}

function seenOf(read, refused) {
  const rows = inRows(read.map(({ box }) => box)).map((row) => row.map((index) => read[index]));
  return { rows, read: rows.flat(), refused };
}

async function look(picture, scale, networks) {
  const seen = await judged(await ask(picture, networks), networks);
  const box = networks.doubts && seen.read.length < 2 ? alone(picture, scale) : null;
  return box ? lone(picture, box, seen, networks) : seen;
}

/** What the reader says of the one thing in a picture, if it calls that a digit; otherwise what was `seen`. */
async function lone(picture, box, seen, networks) {
  const [one] = await answered(picture, [{ box }], networks);
  const [sure] = await networks.vote([{ ...one, likely: 1 - one.answer.doubt, which: one.answer.probabilities }]);
  if (sure.likely > SURE) return seenOf([sure], []);
  return seen.read.length ? seen : { ...seen, none: sure };
}

/** What a network says that takes everything for a digit, where nothing is read: each of what is left out may be one. */
async function taken(picture, left, networks) {
  const asked = await answered(picture, left.map((box) => ({ box })), networks);
  const each = asked.map((one) => ({ ...one, likely: SURE, which: one.answer.probabilities }));
  return seenOf(await networks.vote(each), []);
}

/** How many quarter turns to the left set a picture upright: 0, but where a turned one says clearly more. */
async function turnsOf(picture, seen, left, networks) {
  if (!mayStandOtherwise(seen, left)) return 0;
  let [turns, best] = [0, { read: [] }];
  for (const each of [1, 2, 3]) {
    const other = await judged(await ask(turned(picture, each), networks, GLANCE), networks);
    if (!turns || says(other) > says(best)) [turns, best] = [each, other];
  }
  const isClear = best.read.length >= FEW && meanOf(best) > CLEAR && says(best) > TURNED * says(seen);
  return isClear ? turns : 0;
}

const sureOf = ({ likely, which }) => likely * Math.max(...which);
const says = ({ read }) => read.reduce((sum, one) => sum + sureOf(one), 0);
const meanOf = (seen) => says(seen) / seen.read.length;

function mayStandOtherwise(seen, left) {
  const isDoubtful = seen.read.length > 0 && meanOf(seen) < CLEAR;
  return seen.read.length + left >= FEW && (isDoubtful || left > LEFT * seen.read.length);
}

function readingOf({ rows, read, refused, none }, left, original) {
  const digits = rows.flatMap((row, line) => {
    const groups = inGroups(row.map(({ box }) => box));
    return row.map((one, index) => described(one, original, { line, group: groups[index] }));
  });
  const against = doubts(read.map(sureOf), refused.map(({ likely }) => likely), left.length);
  return {
    text: rows.map((row) => row.map(({ which }) => digitOf(which)).join("")).join("\n"),
    confidence: digits.length ? ofText(against) : ofNone(against),
    digits: none ? [{ ...described(none, original, {}), digit: null, confidence: 1 - none.likely }] : digits,
    left_out: left.map(original),
  };
}

const digitOf = (which) => which.indexOf(Math.max(...which));

function described(one, original, place) {
  const [digit, confidence] = [digitOf(one.which), MOST * sureOf(one)];
  return { digit, confidence, ...place, box: original(one.box), image: one.image, probabilities: one.which };
}

/** A box in the turned picture as one in the upright original, within it. */
function originalOf({ width, height }, scale, turns, box) {
  let [left, top, wide, high] = box;
  for (let turn = turns - 1; turn >= 0; turn--) {
    [left, top, wide, high] = [(turn % 2 ? height : width) - top - high, left, high, wide];
  }
  const [right, bottom] = [Math.min(left + wide, width), Math.min(top + high, height)];
  [left, top] = [Math.max(0, Math.min(left, width - 1)), Math.max(0, Math.min(top, height - 1))];
  const within = [left, top, right - left, bottom - top].map((value) => round(value * scale));
  return within.map((value, side) => (side > 1 ? Math.max(1, value) : value));
}
