// The review: one picture at a time, answered by keys, mouse or touch. Which is next, and what is right, Python knows.

import { element, placed } from "./element.js";

const root = document.documentElement; // it says as `data-ready` which picture can be answered
const byId = (id) => document.getElementById(id);
const NOTHING = "nothing"; // the class of what is no digit
const CHANGE = { "Content-Type": "application/json" }; // other sites cannot send this without being asked
const AT_TOP = 0.08; // of the picture's height

let state = null; // what the server said last
let corrected = new Map(); // classes that were corrected, by the digit's place in the text
let edits = []; // corrections in their order, to undo them: [place, class before]
let chosen = 0; // the digit that keys correct
let isBusy = true; // until the picture is seen

const classOf = (place) => corrected.get(place) ?? String(state.digits[place].digit);
const percent = (share) => `${(100 * share).toFixed(1)}%`;

/** Ask the server, and show what comes next; what goes wrong is said, and the picture stays. */
async function ask(path, body) {
  if (isBusy && state) return;
  isBusy = true;
  delete root.dataset.ready;
  byId("failed").textContent = "";
  try {
    const answer = await fetch(path, body && { method: "POST", headers: CHANGE, body: JSON.stringify(body) }).catch(() => {
      throw new Error("digits review does not answer. If it was ended, start it again.");
    });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error);
    if (path === "end") return show("ended");
    state = said;
    await begin();
  } catch (error) {
    byId("failed").textContent = error.message;
  }
  isBusy = false;
  root.dataset.ready = state?.place ?? "end";
}

const show = (id) => ["desk", "finished", "ended"].forEach((one) => (byId(one).hidden = one !== id));

/** Show the picture that the server asks about, with what was read in it. */
async function begin() {
  corrected = new Map();
  edits = [];
  leaveTyping();
  const { sampled, done, total, failed, skipped, accuracy, place } = state;
  byId("progress").textContent =
    `${done} of ${total}${sampled ? " of the sample" : ", the least sure first"}.` +
    `${skipped ? ` Skipped: ${skipped}.` : ""}${failed ? ` Could not be read, and not asked: ${failed}.` : ""}`;
  byId("accuracy").textContent = accuracy ?? "";
  byId("bar").value = done / total;
  byId("rest").textContent = skipped ? `Skipped, and asked when the review is opened again: ${skipped}.` : "";
  show(place === null ? "finished" : "desk");
  if (place === null) return;
  byId("name").textContent = state.name;
  byId("image").src = state.image ?? "";
  byId("image").alt = `The picture ${state.name}`;
  await byId("image").decode().catch(() => (state.problem ??= "The browser cannot show the picture"));
  byId("shown").hidden = byId("confirm").hidden = byId("type").hidden = Boolean(state.problem);
  if (state.problem) {
    byId("text").replaceChildren();
    byId("found").replaceChildren();
    byId("sure").textContent = "";
    byId("failed").textContent = `${state.problem}. It can only be skipped.`;
    return;
  }
  const sureness = state.digits.map(({ confidence }) => confidence);
  chosen = sureness.indexOf(Math.min(...sureness));
  byId("sure").textContent = state.digits.length
    ? `${percent(state.confidence)} sure`
    : `no digit was read, ${percent(state.confidence)} sure`;
  draw();
}

/** Show the text and the boxes as they are with what was corrected. */
function draw() {
  const hasFocus = byId("text").contains(document.activeElement);
  const rows = [];
  state.digits.forEach(({ line, doubtful }, place) => {
    while (rows.length <= line) rows.push([]);
    const label = classOf(place);
    const digit = element("button", { class: look("digit", place, doubtful), "aria-pressed": place === chosen });
    digit.setAttribute("aria-label", `digit ${place + 1}: ${label === NOTHING ? "no digit" : label}`);
    digit.append(label === NOTHING ? "–" : label);
    digit.onclick = () => choose(place);
    digit.onfocus = () => place !== chosen && choose(place);
    rows[line].push(digit);
  });
  byId("text").replaceChildren(...rows.flatMap((row, index) => (index ? [element("br"), ...row] : row)));
  if (hasFocus) rows.flat()[chosen].focus();
  if (!rows.length) byId("text").append(element("span", { class: "none" }, "no digit"));
  byId("found").replaceChildren(
    ...state.left_out.map((box) => onPicture(element("i", { class: "box left-out", title: "left out" }), box)),
    ...state.digits.map(({ box, doubtful }, place) => {
      const label = classOf(place);
      const made = element("button", { class: look("box", place, doubtful), tabindex: -1, "aria-hidden": true });
      made.append(element("span", {}, label === NOTHING ? "–" : label));
      made.onclick = () => choose(place);
      return onPicture(made, box);
    }),
  );
}

const look = (name, place, doubtful) =>
  [name, corrected.has(place) ? "corrected" : doubtful && "doubtful", place === chosen && "chosen"].filter(Boolean).join(" ");

/** An element laid on a box of the picture; above one at the top there is no room for its label. */
function onPicture(made, box) {
  made.classList.toggle("at-top", box[1] < AT_TOP * state.size[1]);
  return placed(made, box, ...state.size);
}

function choose(place) {
  if (isBusy || !state.digits?.[place]) return;
  chosen = place;
  draw();
}

/** Say which class the chosen digit is of. */
function correct(label) {
  if (isBusy || !state.digits?.length || isTyping()) return;
  edits.push([chosen, corrected.get(chosen)]);
  set(chosen, label);
}

function set(place, label) {
  if (label === undefined || label === String(state.digits[place].digit)) corrected.delete(place);
  else corrected.set(place, label);
  draw();
}

function confirm() {
  if (isBusy || state.place === null || state.problem) return;
  const typed = isTyping() ? byId("typed").value : null;
  ask("verdict", { place: state.place, corrected: Object.fromEntries(corrected), typed });
}

/** Take back the last correction of this picture or, where there is none, what was said of the picture before. */
function undo() {
  if (isBusy) return;
  if (!edits.length) return ask("undo", {});
  const [place, before] = edits.pop();
  chosen = place;
  set(place, before);
}

function skip() {
  if (!isBusy && state.place !== null) ask("skip", { place: state.place });
}

const isTyping = () => !byId("typing").hidden;

function type() {
  if (isBusy || state.place === null || state.problem) return;
  if (isTyping()) return leaveTyping();
  const rows = [];
  state.digits.forEach(({ line }, place) => (rows[line] = (rows[line] ?? "") + (classOf(place) === NOTHING ? "" : classOf(place))));
  byId("typed").value = rows.filter(Boolean).join("\n");
  byId("typing").hidden = false;
  byId("pad").hidden = true;
  byId("typed").focus();
}

function leaveTyping() {
  byId("typing").hidden = true;
  byId("pad").hidden = !state.digits?.length;
  document.activeElement?.blur();
}

const end = () => ask("end", {});

addEventListener("keydown", (event) => {
  const { key, shiftKey, ctrlKey, metaKey, altKey, repeat, target } = event;
  if (!state || altKey || ((ctrlKey || metaKey) && key !== "z")) return;
  if (target === byId("typed")) {
    if (key === "Escape") leaveTyping();
    else if (key === "Enter" && !shiftKey) confirm();
    else return;
    return event.preventDefault();
  }
  if (key === "Enter" && target.closest?.(".tools")) return; // that button is meant
  const actions = {
    Enter: state.place === null ? end : confirm,
    Delete: () => correct(NOTHING),
    Backspace: () => correct(NOTHING),
    ArrowLeft: () => choose(chosen - 1),
    ArrowRight: () => choose(chosen + 1),
    u: undo,
    z: ctrlKey || metaKey ? undo : null,
    s: skip,
    t: type,
    "/": type,
  };
  const action = /^[0-9]$/.test(key) ? () => correct(key) : actions[key.length === 1 ? key.toLowerCase() : key];
  if (!action) return;
  event.preventDefault();
  if (!repeat || key.startsWith("Arrow")) action(); // a key that is held down says one thing, once
});

for (const label of [..."0123456789", NOTHING]) {
  const button = element("button", {}, label === NOTHING ? "No digit" : label);
  button.onclick = () => correct(label);
  byId("pad").append(button);
}
for (const [id, action] of Object.entries({ confirm, type, skip, undo, end, back: undo })) byId(id).onclick = action;
// Enter is for the picture, and not for the button that was clicked last.
addEventListener("click", ({ detail, target }) => detail && target.closest(".tools button")?.blur());

ask("state");
