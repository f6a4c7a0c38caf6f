// The answer: the text, and a card for each digit with its image and its ten probabilities.

import { element } from "./element.js";
import { settings } from "./settings.js";
import { percent, words } from "./words.js";

const { DOUBTFUL } = settings.draw; // a digit of less confidence than this has a question mark

const byId = (id) => document.getElementById(id);

/** Have the browser save a blob as a file of this name. */
export function saveAs(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may begin to read it later
}

/** Draw 28 × 28 pixels, uint8, ink bright on dark, as ink on paper in the page's colours. */
export function drawImage(canvas, image, colourOf = (value) => [...inkColour(), value]) {
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(28, 28);
  for (let place = 0; place < 784; place++) pixels.data.set(colourOf(image[place], place), 4 * place);
  context.putImageData(pixels, 0, 0);
}

/** The page's ink as red, green and blue. */
export function inkColour() {
  return getComputedStyle(document.documentElement).getPropertyValue("--ink-rgb").split(",").map(Number);
}

export const NOTHING = 10; // the class, among corrections, of what is no digit

export const isDoubtful = ({ digit, confidence }) => digit === null || confidence < DOUBTFUL;
export const marked = (one) => (one.digit === null ? "–" : `${one.digit}${isDoubtful(one) ? "?" : ""}`);

/** The digit that it would be if it were not this one. */
export function runnerUp({ probabilities, digit }) {
  const others = probabilities.map((share, value) => ({ value, share })).filter(({ value }) => value !== digit);
  return others.reduce((most, each) => (each.share > most.share ? each : most));
}

/**
 * Show a reading { text, confidence, digits, left_out }.
 * chosen: the digit that is looked into; choose: called with the digit whose card is tapped; correct: called with a
 * digit and the class that somebody says it is of, 0 to 9 or `NOTHING`.
 */
export function showAnswer({ text, confidence, digits, left_out }, chosen, choose, correct) {
  byId("text").replaceChildren(...lines(text, digits));
  byId("text").style.setProperty("--longest", Math.max(...byId("text").innerText.split("\n").map(({ length }) => length)));
  byId("sure").textContent = text
    ? words.sure(confidence, digits.length, left_out.length, digits.some(isDoubtful))
    : words.noDigits(confidence);
  const cards = byId("cards");
  while (cards.children.length > digits.length) cards.lastChild.remove();
  digits.forEach((one, index) => {
    if (!cards.children[index]) cards.append(element("li", {}, emptyCard(), emptyChoice()));
    const [card, choice] = cards.children[index].children;
    fillCard(card, one, one === chosen, choose);
    choice.value = "";
    choice.setAttribute("aria-label", words.itIsSpoken(one.digit));
    choice.onchange = () => correct(one, Number(choice.value));
  });
}

/** Show that there is nothing to answer to. */
export function showNothing(say) {
  byId("text").textContent = "";
  byId("sure").textContent = say;
  byId("cards").replaceChildren();
}

/** Say an answer to who does not see it. */
export function speak({ text, confidence, left_out }) {
  byId("spoken").textContent = words.spoken(text, confidence, left_out.length);
}

export function fail(message = "") {
  byId("failed").textContent = message;
}

function lines(text, digits) {
  if (!text) return [element("span", { class: "none" }, words.nothing)];
  const read = [...digits];
  return text.split("\n").flatMap((line, index) => {
    const own = read.splice(0, line.length);
    const shown = own.map((one) => (isDoubtful(one) ? element("span", { class: "doubt" }, marked(one)) : marked(one)));
    return index ? [element("br"), ...shown] : shown;
  });
}

function emptyCard() {
  const bars = Array.from({ length: 10 }, (_, digit) => element("span", { class: "bar" }, element("i"), element("b", {}, String(digit))));
  const image = element("canvas", { width: 28, height: 28, "aria-hidden": true });
  const said = element("span", { class: "said", "aria-hidden": true }, element("strong"), element("small"));
  const chart = element("span", { class: "bars", "aria-hidden": true }, ...bars);
  return element("button", { class: "card" }, image, said, chart, element("span", { class: "visually-hidden" }));
}

/** A choice of what a digit is. */
function emptyChoice() {
  const classes = Array.from({ length: NOTHING + 1 }, (_, label) => element("option", { value: label }, words.classOf(label)));
  const first = element("option", { value: "", disabled: true, selected: true }, words.itIs);
  return element("select", { class: "correct" }, first, ...classes);
}

function fillCard(card, one, isChosen, choose) {
  const [canvas, said, bars, spoken] = card.children;
  const second = runnerUp(one);
  card.className = `card${isDoubtful(one) ? " doubtful" : ""}`;
  card.setAttribute("aria-pressed", isChosen);
  spoken.textContent = words.card(one.digit, one.confidence, isDoubtful(one), second.value, second.share);
  card.onclick = () => choose(one);
  drawImage(canvas, one.image);
  said.firstChild.textContent = marked(one);
  said.lastChild.textContent = one.digit === null ? words.nothing : percent(one.confidence);
  [...bars.children].forEach((bar, digit) => {
    bar.className = `bar${digit === one.digit ? " best" : ""}`;
    bar.title = words.bar(digit, one.probabilities[digit]);
    bar.firstChild.style.height = `calc(${one.probabilities[digit]} * (100% - 20px) + 1px)`; // its label takes the rest
  });
}
