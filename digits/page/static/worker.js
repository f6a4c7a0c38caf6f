// Computes, beside the page: the graphs that Python computes with, in onnxruntime.

import * as ort from "./runtime/ort.wasm.min.mjs";
import { features, sharesOf, voted, withShares } from "./hand.js";
import { pictureOf } from "./picture.js";
import { read } from "./reader.js";
import { settings } from "./settings.js";

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = new URL("./runtime/", import.meta.url).href;
ort.env.logLevel = "error";

const kept = new Map(); // promises, by key

/** What `make` makes, made once for a key, unless it fails. */
function once(key, make) {
  if (!kept.has(key)) {
    kept.set(key, make().catch((error) => {
      kept.delete(key);
      throw error;
    }));
  }
  return kept.get(key);
}

const bytesOf = (name) => once(`bytes ${name}`, () => fetched(`models/${name}.onnx`));
async function fetched(path) {
  const answer = await fetch(new URL(`./${path}`, import.meta.url));
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}
const session = (name) => once(name, async () => ort.InferenceSession.create(await bytesOf(name)));

/** The same network, with its layers and weights as outputs: bytes at the end of its file say so. */
const insideSession = (name) => once(`inside ${name}`, async () => {
  const model = await bytesOf(name);
  const outputs = Uint8Array.from(atob(settings.networks[name].outputs), (letter) => letter.charCodeAt(0));
  const both = new Uint8Array(model.length + outputs.length);
  both.set(model);
  both.set(outputs, model.length);
  return ort.InferenceSession.create(both);
});

/** Images, 28 × 28 each, as a graph takes them. */
function tensorOf(images) {
  const data = new Uint8Array(784 * images.length);
  images.forEach((image, index) => data.set(image, 784 * index));
  return { images: new ort.Tensor("uint8", data, [images.length, 28, 28]) };
}

/** What a network says of images: { probabilities, doubt }, the doubt that it is one digit. */
async function answers(network, images) {
  const graph = await session(network);
  const names = settings.networks[network].doubts ? ["probabilities", "doubts"] : ["probabilities"];
  const said = await graph.run(tensorOf(images), names);
  return images.map((_, index) => ({
    probabilities: [...said.probabilities.data.slice(10 * index, 10 * (index + 1))],
    doubt: said.doubts ? said.doubts.data[2 * index] + said.doubts.data[2 * index + 1] : 0,
  }));
}

let corrections = { images: [], labels: [] };

/** The features of images in a network's last layer before its outputs. */
async function featuresOf(network, images) {
  const { last } = settings.networks[network];
  const said = (await (await insideSession(network)).run(tensorOf(images), [last]))[last];
  return features(said.data, said.data.length / images.length);
}

/** The corrections' features and those of digits as they usually look. */
const handOf = (network) => once(`hand ${network}`, async () => {
  const values = new Float32Array((await fetched(settings.networks[network].usual)).buffer);
  return { corrections: await featuresOf(network, corrections.images), usual: features(values, values.length / 10) };
});

/** Boxes, { image, likely, which }, with the votes of corrections. */
async function votes(network, boxes) {
  if (!corrections.images.length || !boxes.length) return boxes;
  const hand = await handOf(network);
  const found = await featuresOf(network, boxes.map(({ image }) => image));
  const shares = (one, index) => voted(found[index], sharesOf(one), hand.corrections, corrections.labels, hand.usual);
  return boxes.map((one, index) => withShares(one, shares(one, index)));
}

const OLD = Symbol("what was asked is not wanted any more");

/** What asks the graphs, with `network` in the reader's place; the finder is not asked once `isOld()`. */
const networks = (network, isOld) => ({
  doubts: settings.networks[network].doubts,
  async finder({ data, dims }) {
    await new Promise((resolve) => setTimeout(resolve)); // lets what was asked meanwhile come in
    if (isOld()) throw OLD;
    const said = await (await session("finder")).run({ images: new ort.Tensor("uint8", data, dims) });
    return Object.values(said)[0].data;
  },
  async form({ data, dims }, widths) {
    const given = { ink: new ort.Tensor("uint8", data, dims), width: new ort.Tensor("float32", widths, [widths.length]) };
    return (await (await session("form")).run(given)).images.data;
  },
  reader: (images) => answers(network, images),
  vote: (boxes) => votes(network, boxes),
});

const tasks = {
  /** Let these corrections vote from now on: { images, labels }. */
  hand({ images, labels }) {
    corrections = { images, labels };
    for (const key of [...kept.keys()]) if (key.startsWith("hand ")) kept.delete(key);
  },
  /** Know one network more: its name, how settings.js describes it, and its file's bytes. */
  network({ name, described, model }) {
    settings.networks[name] = described;
    for (const key of [name, `inside ${name}`, `hand ${name}`]) kept.delete(key);
    kept.set(`bytes ${name}`, Promise.resolve(model));
  },
  /** Read a picture; null where another is to be read meanwhile. */
  read: ({ network, picture, scale }, isOld) => read(picture, scale, networks(network, isOld)),
  /** Read a picture to have it done before, until one is to be read. */
  warmUp: (given) => tasks.read(given, () => "read" in newest),
  /** Read a photograph, an ImageBitmap, likewise. */
  photograph({ network, bitmap }, isOld) {
    const { picture, scale } = pictureOf(bitmap);
    bitmap.close();
    return read(picture, scale, networks(network, isOld));
  },
  /** What a network says of images. */
  classify: ({ network, images }) => answers(network, images),
  /** What a network's layers and weights of these names are for one image: an object of { shape, data }. */
  async inside({ network, image, names }) {
    const graph = await insideSession(network);
    const said = await graph.run({ images: new ort.Tensor("uint8", image, [1, 28, 28]) }, names);
    return Object.fromEntries(names.map((name) => [name, { shape: said[name].dims, data: said[name].data }]));
  },
};

let working = Promise.resolve(); // one after the other, as the runtime wants it
const newest = {}; // what was asked last, of each task
onmessage = ({ data: { id, task, ...given } }) => {
  newest[task] = id;
  working = working.then(async () => {
    try {
      postMessage({ id, result: await tasks[task](given, () => newest[task] !== id) });
    } catch (error) {
      postMessage(error === OLD ? { id, result: null } : { id, error: String(error) });
    }
  });
};
