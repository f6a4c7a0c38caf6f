// Corrections: what somebody said that a digit is, kept in this browser, given to the networks, and saved as files.

import { drawImage, fail, NOTHING, saveAs } from "./answer.js";
import { element } from "./element.js";
import { addNetwork, tellCorrections } from "./network.js";
import { settings } from "./settings.js";
import { words } from "./words.js";
import { zip } from "./zip.js";

const DATABASE = "digits";
const STORES = { corrections: { keyPath: "id", autoIncrement: true }, networks: { keyPath: "name" } };
const MINE = "mine"; // the network that learned from them
const byId = (id) => document.getElementById(id);

let kept = []; // { id, image, label }, the oldest first
let changed = () => undefined;
let offer = () => undefined;

/** Load what was kept; call `then` after each change, when the networks know of it, and `offered` of a network's name. */
export async function keepCorrections(then, offered) {
  [changed, offer] = [then, offered];
  byId("undo-correction").onclick = () => change((store) => store.delete(kept.at(-1).id));
  byId("delete-corrections").onclick = () => confirm(words.deleteCorrections(kept.length)) && change((store) => store.clear());
  byId("save-corrections").onclick = save;
  byId("learn").onclick = learn;
  byId("learn").hidden = byId("learn-where").hidden = !settings.served;
  try {
    await load();
    for (const one of await inStore("networks", "readonly", (store) => store.getAll())) await take(one);
  } catch {
    // a browser that keeps nothing has none
  }
}

/** Keep that this image, 28 × 28, is of a class: 0 to 9, or `NOTHING`; what was said of it before no longer holds. */
export function correct(image, label) {
  if (kept.length >= settings.hand.MOST_IMAGES) return fail(words.tooManyCorrections(kept.length));
  const before = kept.filter((one) => one.image.every((value, place) => value === image[place]));
  return change((store) => {
    for (const { id } of before) store.delete(id);
    return store.add({ image, label });
  });
}

async function change(action) {
  try {
    await inStore("corrections", "readwrite", action);
  } catch {
    return fail(words.notKept);
  }
  await load();
  changed();
}

async function load() {
  kept = await inStore("corrections", "readonly", (store) => store.getAll());
  byId("corrections").hidden = !kept.length;
  byId("corrections-count").textContent = words.corrections(kept.length);
  byId("corrected").replaceChildren(
    ...kept.map(({ image, label }) => {
      const canvas = element("canvas", { width: 28, height: 28, "aria-hidden": true });
      drawImage(canvas, image);
      return element("li", {}, canvas, words.classOf(label));
    }),
  );
  await tellCorrections({ images: kept.map(({ image }) => image), labels: kept.map(({ label }) => label) });
}

/** What an action on a store gives, when all that it changed is on the disk. */
async function inStore(name, mode, action) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(name, mode);
      const request = action(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

const opened = () =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      for (const [name, options] of Object.entries(STORES)) request.result.createObjectStore(name, options);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Save all as a zip of CLASS/*.png, which `digits learn` and `--hand` take. */
async function save() {
  const files = await Promise.all(
    kept.map(async ({ id, image, label }) => {
      const blob = await new Promise((resolve) => greyCanvas(image).toBlob(resolve, "image/png"));
      return { name: `${label === NOTHING ? "nothing" : label}/${id}.png`, data: new Uint8Array(await blob.arrayBuffer()) };
    }),
  );
  saveAs(zip(files), "my-digits.zip");
}

/** An image as it is: grey, ink bright on dark. */
function greyCanvas(image) {
  const canvas = element("canvas", { width: 28, height: 28 });
  const pixels = new ImageData(28, 28);
  image.forEach((value, place) => pixels.data.set([value, value, value, 255], 4 * place));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

/** Have the server's reader learn from all, say what came of it, and offer the network if it is better. */
async function learn() {
  const button = byId("learn");
  button.disabled = true;
  byId("learned").textContent = words.learning(0);
  const said = await learned((share) => (byId("learned").textContent = words.learning(share))).catch(() => ({ error: words.failedReading }));
  button.disabled = false;
  byId("learned").textContent = said.error ?? words.learned(said);
  if (!said.better) return;
  const model = Uint8Array.from(atob(said.model), (letter) => letter.charCodeAt(0));
  const described = { ...settings.networks.reader, accuracy: null }; // only its last layer is another
  const one = { name: MINE, described, model };
  await take(one);
  await inStore("networks", "readwrite", (store) => store.put(one)).catch(() => fail(words.notKept));
}

async function take({ name, described, model }) {
  await addNetwork(name, described, model);
  offer(name);
}

/** What the server says last, where it learns from all corrections; calls `told` with the share that is done. */
async function learned(told) {
  const body = new Uint8Array(785 * kept.length);
  kept.forEach(({ image, label }, index) => body.set([label, ...image], 785 * index));
  const answer = await fetch("learn", { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body });
  if (!answer.ok) return answer.json();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += part.value;
    const lines = text.split("\n");
    text = lines.pop();
    for (const said of lines.map((line) => JSON.parse(line))) {
      if (!("total" in said)) return said;
      told(said.done / said.total);
    }
  }
  throw new Error("the server stopped");
}
