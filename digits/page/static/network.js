// Asks the worker.

import { settings } from "./settings.js";
import { pixelsOf } from "./sheet.js";

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const waiting = new Map();
let last = 0;

worker.onmessage = ({ data: { id, result, error } }) => {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  if (error) reject(new Error(error));
  else resolve(result);
};
worker.onerror = (event) => {
  for (const { reject } of waiting.values()) reject(new Error(event.message));
  waiting.clear();
};

/** Have the worker do a task, which `given` is for; see `tasks` in worker.js. Objects in `moved` are its own from then on. */
export function compute(task, given, moved = []) {
  const id = ++last;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, task, ...given }, moved);
  });
}

const NONE = { key: "", reading: null };
let before = NONE;

/** Let corrections, { images, labels }, vote from now on. */
export function tellCorrections(corrections) {
  before = NONE;
  return compute("hand", corrections);
}

/**
 * What is read in strokes, boxes in pixels of the sheet; null where others were asked about meanwhile. Those that were just
 * asked about are not asked about again.
 */
export function readStrokes(strokes, network) {
  const key = [network, ...strokes.map(({ id, points }) => `${id}:${points.length}`)].join();
  if (key !== before.key) before = { key, reading: read(strokes, network) };
  return before.reading;
}

/** Know one network more; see worker.js. */
export function addNetwork(name, described, model) {
  before = NONE;
  settings.networks[name] = described;
  return compute("network", { name, described, model });
}

async function read(strokes, network) {
  const { picture, scale, left, top } = pixelsOf(strokes);
  const said = await compute("read", { network, picture, scale: 1 });
  if (!said) return null;
  const onSheet = ([x, y, width, height]) => [x / scale + left, y / scale + top, width / scale, height / scale];
  const digits = said.digits.map((one) => ({ ...one, box: onSheet(one.box) }));
  return { ...said, digits, left_out: said.left_out.map(onSheet) };
}
