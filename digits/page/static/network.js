// Asks the worker, and draws strokes into the pixels that it takes.

import { boxOf } from "./groups.js";
import { trace } from "./sheet.js";

const SIDE = 160; // pixels of the square in which a group of strokes is drawn
const ROOM = 150; // of these a group takes, so that none of it is lost at the edge
const KEPT = 500; // answers

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

/** Have the worker do a task; see `tasks` in worker.js. */
export function compute(task, given) {
  const id = ++last;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, task, ...given });
  });
}

/** Answers to groups of strokes; those to groups that were asked about before are remembered. */
export function asker(network) {
  const known = new Map();
  return async (groups) => {
    if (known.size > KEPT) known.clear();
    const keys = groups.map((strokes) => strokes.map((stroke) => `${stroke.id}:${stroke.points.length}`).join());
    const missing = keys.flatMap((key, index) => (known.has(key) ? [] : [index]));
    if (missing.length) {
      const given = pixelsOf(missing.map((index) => groups[index]));
      const answers = await compute("read", { network, side: SIDE, ...given });
      answers.forEach((answer, place) => known.set(keys[missing[place]], answer));
    }
    return keys.map((key) => known.get(key));
  };
}

const canvas = new OffscreenCanvas(SIDE, SIDE);
const context = canvas.getContext("2d", { willReadFrequently: true });

/** Groups' ink, uint8, bright on dark, one square after the other, and the usual width of their strokes in it. */
export function pixelsOf(groups) {
  const pixels = new Uint8Array(groups.length * SIDE * SIDE);
  const widths = new Float32Array(groups.length);
  groups.forEach((strokes, number) => {
    const box = boxOf(strokes);
    const scale = ROOM / Math.max(1, box.side);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, SIDE, SIDE);
    context.setTransform(scale, 0, 0, scale, (SIDE - ROOM) / 2 - scale * box.left, (SIDE - ROOM) / 2 - scale * box.top);
    for (const stroke of strokes) trace(context, stroke);
    const { data } = context.getImageData(0, 0, SIDE, SIDE);
    for (let place = 0; place < SIDE * SIDE; place++) pixels[number * SIDE * SIDE + place] = data[4 * place + 3];
    widths[number] = (scale * strokes.reduce((sum, { width }) => sum + width, 0)) / strokes.length;
  });
  return { pixels, widths };
}
