// The page: brings together the sheet, the network, the answer, photographs, and looking inside.

import { DOUBTFUL, element, fail, showAnswer, showNothing, speak } from "./answer.js";
import { judged, readStrokes } from "./groups.js";
import { lookInside } from "./inside.js";
import { asker, compute } from "./network.js";
import { takePhotographs } from "./photo.js";
import { settings } from "./settings.js";
import { Sheet } from "./sheet.js";
import { words } from "./words.js";

const byId = (id) => document.getElementById(id);
const INSIDE_AFTER = 250; // milliseconds without a change, after which the page looks inside

for (const one of document.querySelectorAll("[data-word]")) one.textContent = words[one.dataset.word];
document.title = words.title;
byId("ink").setAttribute("aria-label", words.sheet);
byId("tools").setAttribute("aria-label", words.tools);
byId("modes").setAttribute("aria-label", words.modes);

let mode = "draw";
const FIRST = Object.keys(settings.networks)[0]; // with which photographs are read
let network = FIRST;
let ask = asker(network);
let photograph = null; // the reading of the last one
const reading = { draw: null, photo: null }; // what is shown in each mode
const chosen = { draw: null, photo: null }; // the digit that is looked into, of each
const empty = { draw: words.empty, photo: words.emptyPhoto }; // what is said where there is no reading

const sheet = new Sheet(byId("ink"));
let wanted = null; // a change that is to be answered, once the one before is
let isAnswering = false;

sheet.addEventListener("change", ({ detail }) => {
  byId("hint").hidden = sheet.strokes.length > 0;
  byId("undo").disabled = !sheet.past.length;
  byId("clear").disabled = !sheet.strokes.length;
  wanted = detail;
  if (!isAnswering) answer();
});

/** Answer the last change, and those that come meanwhile. */
async function answer() {
  isAnswering = true;
  while (wanted) {
    const { done, at } = wanted;
    wanted = null;
    const { strokes } = sheet;
    try {
      const said = strokes.length ? await readStrokes(strokes, ask) : null;
      fail();
      showDrawing(said, done);
    } catch {
      fail(words.failedNetwork);
    }
    if (done) performance.measure("answer", { start: at });
  }
  isAnswering = false;
}

function showDrawing(said, done) {
  const last = said && said.digits.find(({ strokes }) => strokes.includes(sheet.strokes.at(-1)));
  showReading("draw", said, last ?? said?.digits.at(-1) ?? null, done);
  byId("boxes").replaceChildren(
    ...(said?.digits ?? []).map(({ box, digit, confidence }) => {
      const doubtful = digit === null || confidence < DOUBTFUL;
      const frame = element("span", { class: doubtful ? "box doubtful" : "box" });
      frame.append(element("span", {}, digit === null ? words.nothing : `${digit}${doubtful ? "?" : ""}`));
      for (const side of ["left", "top", "width", "height"]) frame.style[side] = `${box[side]}px`;
      return frame;
    }),
  );
}

/** Show a reading, or that there is none, and look into one of its digits. */
function showReading(of, said, digit, done) {
  reading[of] = said;
  if (of !== mode) return;
  choose(digit, done);
  if (said && done) speak(said);
}

let soon = 0;

/** Look into this digit of what is shown. */
function choose(digit, done = true) {
  chosen[mode] = digit;
  const said = reading[mode];
  if (said) showAnswer(said, digit, choose);
  else showNothing(empty[mode]);
  clearTimeout(soon);
  if (!done) return;
  soon = setTimeout(() => lookInside(digit, network).catch(() => fail(words.failedNetwork)), digit ? INSIDE_AFTER : 0);
}

/** Show a photograph's reading: Python's own or, where another network is chosen, what that says of each digit. */
async function showPhotograph(said, say) {
  photograph = said;
  empty.photo = say ?? empty.photo;
  if (!said?.digits.length) return showReading("photo", said, null, true);
  const images = new Uint8Array(784 * said.digits.length);
  said.digits.forEach(({ image }, index) => images.set(image, 784 * index));
  const answers = (await compute("classify", { network, images })).map(judged);
  if (photograph !== said) return;
  const digits = said.digits.map((one, index) => {
    const answer = answers[index];
    if (network === FIRST) return { ...answer, ...one, source: one };
    return { ...one, ...answer, digit: answer.best, confidence: settings.found * answer.confidence, source: one };
  });
  const text = network === FIRST ? said.text : rowsOf(digits);
  const confidence = network === FIRST ? said.confidence : digits.reduce((product, one) => product * one.confidence, 1);
  showReading("photo", { text, confidence, digits }, digits[0], true);
}

function rowsOf(digits) {
  const rows = [];
  for (const { line, digit } of digits) rows[line] = `${rows[line] ?? ""}${digit}`;
  return rows.join("\n");
}

if (settings.photographs) {
  takePhotographs(showPhotograph, (source) => choose(reading.photo.digits.find((one) => one.source === source)));
} else {
  byId("modes").hidden = true;
  byId("only").textContent = words.drawsOnly;
}

const tabs = { draw: byId("tab-draw"), photo: byId("tab-photo") };
for (const [name, tab] of Object.entries(tabs)) {
  tab.onclick = () => {
    mode = name;
    for (const other of Object.keys(tabs)) {
      tabs[other].setAttribute("aria-selected", other === name);
      tabs[other].tabIndex = other === name ? 0 : -1;
      byId(other).hidden = other !== name;
    }
    fail();
    choose(chosen[name]);
  };
  tab.onkeydown = ({ key }) => {
    if (!["ArrowLeft", "ArrowRight"].includes(key)) return;
    const other = tabs[name === "draw" ? "photo" : "draw"];
    other.click();
    other.focus();
  };
}

const note = element("p", { class: "note", id: "network-note" });
byId("networks").after(note);
for (const [name, { accuracy }] of Object.entries(settings.networks)) {
  const radio = element("input", { type: "radio", name: "network", value: name, id: `network-${name}` });
  const label = element("label", { for: radio.id }, words.networks[name]);
  radio.onchange = () => {
    network = name;
    ask = asker(name);
    note.textContent = words.networkNote(words.networkNotes[name], accuracy);
    if (photograph) showPhotograph(photograph);
    sheet.dispatchEvent(new CustomEvent("change", { detail: { done: true, at: performance.now() } }));
  };
  byId("networks").append(radio, label);
  if (name === network) {
    radio.checked = true;
    note.textContent = words.networkNote(words.networkNotes[name], accuracy);
  }
}

byId("undo").onclick = () => sheet.undo();
byId("clear").onclick = () => sheet.clear();
byId("undo").disabled = byId("clear").disabled = true;
byId("pen").oninput = ({ target }) => (sheet.penWidth = Number(target.value));
sheet.penWidth = Number(byId("pen").value);

for (const { text, strokes } of settings.examples) {
  const button = element("button", { class: "link" }, text.replace("\n", " / "));
  button.onclick = () => sheet.show(fitted(strokes));
  byId("examples").append(button, " ");
}

/** An example's strokes, in hundredths of a digit's height, as points in the middle of the sheet. */
function fitted(strokes) {
  const { clientWidth, clientHeight } = byId("ink");
  const [xs, ys] = [0, 1].map((axis) => strokes.flatMap((stroke) => stroke.filter((_, index) => index % 2 === axis)));
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = Math.min((0.8 * clientWidth) / (right - left), (0.66 * clientHeight) / (bottom - top), 2.4);
  const [x0, y0] = [(clientWidth - scale * (left + right)) / 2, (clientHeight - scale * (top + bottom)) / 2];
  return strokes.map((stroke) =>
    Array.from({ length: stroke.length / 2 }, (_, index) => ({ x: x0 + scale * stroke[2 * index], y: y0 + scale * stroke[2 * index + 1] })),
  );
}

showNothing(words.loading);
compute("read", { network, side: 160, pixels: new Uint8Array(160 * 160), widths: new Float32Array([8]) })
  .then(() => {
    document.documentElement.dataset.ready = "yes";
    if (!reading[mode]) showNothing(empty[mode]);
  })
  .catch(() => {
    showNothing("");
    fail(words.failedNetwork);
  });

if (!settings.photographs && "serviceWorker" in navigator && isSecureContext) navigator.serviceWorker.register("offline.js");
