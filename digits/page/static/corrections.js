// Corrections: what somebody said that a digit is, kept in this browser, given to the networks, and saved as files.

import { drawImage, element, fail, NOTHING } from "./answer.js";
import { tellCorrections } from "./network.js";
import { settings } from "./settings.js";
import { words } from "./words.js";
import { zip } from "./zip.js";

const NAME = "digits"; // of the database and of what it stores
const byId = (id) => document.getElementById(id);

let kept = []; // { id, image, label }, the oldest first
let changed = () => undefined;

/** Load what was kept, and call `then` after each change, when the networks know of it. */
export async function keepCorrections(then) {
  changed = then;
  byId("undo-correction").onclick = () => change((store) => store.delete(kept.at(-1).id));
  byId("delete-corrections").onclick = () => confirm(words.deleteCorrections(kept.length)) && change((store) => store.clear());
  byId("save-corrections").onclick = save;
  await load().catch(() => undefined); // a browser that keeps nothing has none
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
    await inStore("readwrite", action);
  } catch {
    return fail(words.notKept);
  }
  await load();
  changed();
}

async function load() {
  kept = await inStore("readonly", (store) => store.getAll());
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

/** What an action on the store gives, when all that it changed is on the disk. */
async function inStore(mode, action) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(NAME, mode);
      const request = action(transaction.objectStore(NAME));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

const opened = () =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(NAME, { keyPath: "id", autoIncrement: true });
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
  const link = element("a", { href: URL.createObjectURL(zip(files)), download: "my-digits.zip" });
  link.click();
  URL.revokeObjectURL(link.href);
}

/** An image as it is: grey, ink bright on dark. */
function greyCanvas(image) {
  const canvas = element("canvas", { width: 28, height: 28 });
  const pixels = new ImageData(28, 28);
  image.forEach((value, place) => pixels.data.set([value, value, value, 255], 4 * place));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}
