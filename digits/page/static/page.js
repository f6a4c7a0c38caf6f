// The page: brings together the sheet, the network, the answer, photographs, and looking inside.

import { fail, isDoubtful, marked, saveAs, showAnswer, showNothing, speak } from "./answer.js";
import { correct, keepCorrections } from "./corrections.js";
import { keepDrawing, keptDrawing } from "./drawing.js";
import { element, placed } from "./element.js";
import { lookInside } from "./inside.js";
import { compute, readStrokes } from "./network.js";
import { takePhotographs } from "./photo.js";
import { settings } from "./settings.js";
import { pixelsOf, Sheet } from "./sheet.js";
import { words } from "./words.js";

const byId = (id) => document.getElementById(id);
const INSIDE_AFTER = 250; // milliseconds without a change, after which the page looks inside
const WARM = 12; // strokes that are read before anybody draws

for (const one of document.querySelectorAll("[data-word]")) one.textContent = words[one.dataset.word];
document.title = words.title;
byId("ink").setAttribute("aria-label", words.sheet);
byId("tools").setAttribute("aria-label", words.tools);
byId("modes").setAttribute("aria-label", words.modes);

let mode = "draw";
let network = Object.keys(settings.networks)[0];
const reading = { draw: null, photo: null }; // what is shown in each mode
const chosen = { draw: null, photo: null }; // the digit that is looked into, of each
const empty = { draw: words.empty, photo: words.emptyPhoto }; // what is said where there is no reading

const sheet = new Sheet(byId("ink"));
let asked = 0; // how often something was asked to be read
let isAnswering = false;
let due = 0; // the timer that answers what is complete
let wanted = null; // a change that is to be answered, once the one before is

sheet.addEventListener("change", ({ detail }) => {
  byId("hint").hidden = sheet.strokes.length > 0;
  byId("undo").disabled = !sheet.past.length;
  byId("redo").disabled = !sheet.future.length;
  byId("erase").disabled = byId("clear").disabled = !sheet.strokes.length;
  if (!sheet.strokes.length && detail.done) takeEraser(false);
  wanted = detail;
  if (detail.done) {
    clearTimeout(due);
    due = setTimeout(answer); // of many strokes at once, the last is answered
  } else if (!isAnswering) answer();
});

/** Answer the last change, unless one that is complete comes meanwhile. */
async function answer() {
  if (!wanted) return;
  const own = ++asked;
  const { done, at } = wanted;
  const strokes = sheet.strokes;
  wanted = null;
  isAnswering = true;
  if (done) keepDrawing(strokes);
  const said = await (strokes.length ? readStrokes(strokes, network) : null)?.catch(() => undefined);
  if (own !== asked) return;
  fail(said === undefined && strokes.length ? words.failedNetwork : "");
  showDrawing(said ?? null, strokes, done);
  if (done) performance.measure("answer", { start: at });
  isAnswering = false;
  if (wanted) answer();
}

function showDrawing(said, strokes, done) {
  const { clientWidth, clientHeight } = byId("ink");
  const on = (made, box) => placed(made, box, clientWidth, clientHeight);
  const { digits = [], left_out = [] } = said ?? {};
  showReading("draw", said, digits.findLast((one) => holds(one, strokes.at(-1))) ?? digits.at(-1) ?? null, done);
  byId("boxes").replaceChildren(
    ...left_out.map((box) => on(element("i", { class: "box left-out" }), box)),
    ...digits.filter(({ digit }) => digit !== null).map((one) => {
      const name = isDoubtful(one) ? "box doubtful" : "box";
      return on(element("span", { class: name }, element("span", {}, marked(one))), one.box);
    }),
  );
}

/** Whether the middle of a stroke is in a digit's box. */
function holds({ box: [left, top, width, height] }, { points }) {
  const { x, y } = points[points.length >> 1];
  return x >= left && x <= left + width && y >= top && y <= top + height;
}

/** Show a reading, or that there is none, and look into one of its digits. */
function showReading(of, said, digit, done) {
  reading[of] = said;
  if (of !== mode) return;
  choose(digit, done);
  if (said && done) speak(said);
}

let soon = 0;
let copied = ""; // the text of which it is said that it was copied

/** Look into this digit of what is shown. */
function choose(digit, done = true) {
  chosen[mode] = digit;
  const said = reading[mode];
  byId("suggestions").hidden = mode === "photo" || said;
  byId("give").hidden = !said;
  byId("copy").hidden = !said?.text;
  byId("save").hidden = mode === "photo";
  if (said?.text !== copied) byId("given").textContent = "";
  if (said) showAnswer(said, digit, choose, ({ image }, label) => correct(image, label));
  else showNothing(empty[mode]);
  clearTimeout(soon);
  if (!done) return;
  soon = setTimeout(() => lookInside(digit, network).catch(() => fail(words.failedNetwork)), digit ? INSIDE_AFTER : 0);
}

/** Show a photograph's reading or, where there is none, say why. */
function showPhotograph(said, say) {
  empty.photo = say ?? empty.photo;
  showReading("photo", said, said?.digits[0] ?? null, true);
}

const readAgain = takePhotographs({ network: () => network, show: showPhotograph, choose: (digit) => choose(digit) });
byId("kept").textContent = settings.served ? words.keptThere : words.keptHere;

function readAllAgain() {
  readAgain();
  sheet.dispatchEvent(new CustomEvent("change", { detail: { done: true, at: performance.now() } }));
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

for (const name of Object.keys(settings.networks)) offer(name);

/** Let a network be chosen; one that was offered already stays where it is. */
function offer(name) {
  if (byId(`network-${name}`)) return;
  const radio = element("input", { type: "radio", name: "network", value: name, id: `network-${name}` });
  const label = element("label", { for: radio.id }, words.networks[name]);
  const explain = () => (byId("network-note").textContent = words.networkNote(name, settings.networks[name].accuracy));
  radio.onchange = () => {
    network = name;
    explain();
    readAllAgain();
  };
  byId("networks").append(radio, label);
  if (name === network) {
    radio.checked = true;
    explain();
  }
}

byId("undo").onclick = () => sheet.undo();
byId("redo").onclick = () => sheet.redo();
byId("erase").onclick = () => takeEraser(!sheet.isErasing);
byId("clear").onclick = () => sheet.clear();
for (const name of ["undo", "redo", "erase", "clear"]) byId(name).disabled = true;
byId("pen").oninput = ({ target }) => (sheet.penWidth = Number(target.value));
sheet.penWidth = Number(byId("pen").value);

/** Take the eraser instead of the pen, or the pen again. */
function takeEraser(isErasing) {
  sheet.isErasing = isErasing;
  byId("erase").setAttribute("aria-pressed", isErasing);
  byId("ink").classList.toggle("erasing", isErasing);
}

byId("copy").onclick = async () => {
  copied = reading[mode].text;
  const isCopied = await navigator.clipboard?.writeText(copied).then(() => true, () => false);
  byId("given").textContent = isCopied ? words.copied : words.notCopied;
};
byId("save").onclick = async () => saveAs(await sheet.picture(), "digits.png");

addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || mode !== "draw" || document.querySelector("dialog[open]")) return;
  const key = `${event.shiftKey ? "Shift " : ""}${event.key.toLowerCase()}`;
  if (key === "z") sheet.undo();
  else if (key === "Shift z" || key === "y") sheet.redo();
  else return;
  event.preventDefault();
});

for (const { text, strokes } of settings.examples) {
  const button = element("button", { class: "link" }, text.replace("\n", " / "));
  button.onclick = () => {
    sheet.show(fitted(strokes));
    byId("sheet").scrollIntoView({ block: "nearest" });
  };
  byId("suggestions").append(element("li", {}, button, " ", words.suggestions[text]));
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
keepCorrections(readAllAgain, offer)
  .then(() => {
    sheet.load(keptDrawing());
    return warmUp(1);
  })
  .then(() => {
    document.documentElement.dataset.ready = "yes";
    warmUp(WARM);
    if (!reading[mode]) showNothing(empty[mode]);
  })
  .catch(() => {
    showNothing("");
    fail(words.failedNetwork);
  });

/** Have the graphs loaded, and a stroke that nobody sees read, until something is drawn: what ran often, runs faster. */
async function warmUp(times) {
  const points = Array.from({ length: 9 }, (_, step) => ({ x: step, y: 10 * step, press: 1 }));
  const { picture } = pixelsOf([{ points, width: 12 }]);
  for (let time = 0; time < times && !asked; time++) await compute("warmUp", { network, picture, scale: 1 });
}

if (!settings.served && "serviceWorker" in navigator && isSecureContext) navigator.serviceWorker.register("offline.js");
