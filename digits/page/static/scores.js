// The end of Baseline's story: the dense layers, and what softmax makes of the last one's scores.

import { indexOfMost } from "./covered.js";
import { element } from "./element.js";
import { drawMap, figure, kindOf, most, number } from "./maps.js";
import { softmax } from "./sums.js";
import { percent, words } from "./words.js";

const LAYERS = ["dense1", "relu3"]; // numbers without a place
const A_ROW = 16; // of such numbers

const figures = LAYERS.map(figure);
const rows = element("tbody");
const sentence = element("p");
const head = element("tr", {}, ...words.scoresHead.map((title) => element("th", { scope: "col" }, title)));
const table = element("table", { class: "scores" }, element("caption", {}, words.scores), element("thead", {}, head), rows);
const softmaxed = element("div", { class: "softmax" }, table, sentence);
const chain = element("div", { class: "chain" }, ...figures.map(({ made }) => made), softmaxed);

export const scores = element("section", { class: "stage", "aria-label": words.end }, chain);

/** Show the end of an image's story, told by its layers' values. */
export function showScores(values) {
  LAYERS.forEach((name, index) => {
    const { canvas, note } = figures[index];
    const { data } = values[name];
    drawMap(canvas, data, A_ROW);
    canvas.setAttribute("aria-label", words.numbers(name, data.length));
    note.textContent = words.step(kindOf(name), 0, data.length, 1, 1);
  });
  const logits = [...values.logits.data];
  const { powers, all, shares } = softmax(logits);
  const digit = indexOfMost(logits);
  const largest = most(logits);
  rows.replaceChildren(...logits.map((score, each) => row(each, score, score / largest, powers[each], shares[each])));
  rows.children[digit].className = "best";
  sentence.textContent = words.softmax(digit, logits[digit], powers[digit], all, shares[digit]);
}

/** A digit's score and share, with bars; the score's is so long, from -1 to 1. */
function row(digit, score, length, power, share) {
  const bars = [element("i"), element("i")];
  bars[0].style.left = `${50 + 50 * Math.min(0, length)}%`;
  bars[0].style.width = `${50 * Math.abs(length)}%`;
  bars[1].style.width = `${100 * share}%`;
  return element(
    "tr", {},
    element("th", { scope: "row" }, String(digit)),
    element("td", {}, element("span", { class: "signed" }, bars[0]), number(score)),
    element("td", {}, words.power(power)),
    element("td", {}, element("span", { class: "share" }, bars[1]), element("data", { value: share }, percent(share))),
  );
}
