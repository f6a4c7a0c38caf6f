// Computes, beside the page: the graphs that Python computes with, in onnxruntime.

import * as ort from "./runtime/ort.wasm.min.mjs";
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

const bytesOf = (name) => once(`bytes ${name}`, async () => {
  const answer = await fetch(new URL(`./models/${name}.onnx`, import.meta.url));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
});
const session = (name) => once(name, async () => ort.InferenceSession.create(await bytesOf(name)));

/** The same network, with the maps of its layers as outputs: bytes at the end of its file say so. */
const insideSession = (name) => once(`inside ${name}`, async () => {
  const model = await bytesOf(name);
  const outputs = Uint8Array.from(atob(settings.networks[name].outputs), (letter) => letter.charCodeAt(0));
  const both = new Uint8Array(model.length + outputs.length);
  both.set(model);
  both.set(outputs, model.length);
  return ort.InferenceSession.create(both);
});

async function classify({ network, images }) {
  const count = images.length / 784;
  const graph = await session(network);
  const names = settings.networks[network].doubts ? ["probabilities", "doubts"] : ["probabilities"];
  const said = await graph.run({ images: new ort.Tensor("uint8", images, [count, 28, 28]) }, names);
  return Array.from({ length: count }, (_, index) => ({
    image: images.slice(784 * index, 784 * (index + 1)),
    probabilities: [...said.probabilities.data.slice(10 * index, 10 * (index + 1))],
    nothing: said.doubts ? said.doubts.data[2 * index] : 0,
    several: said.doubts ? said.doubts.data[2 * index + 1] : 0,
  }));
}

const tasks = {
  classify,
  /** Groups' pixels, each `side` by `side`, and the widths of their strokes, to answers. */
  async read({ network, pixels, side, widths }) {
    const form = await session("form");
    const ink = new ort.Tensor("uint8", pixels, [widths.length, side, side]);
    const { images } = await form.run({ ink, width: new ort.Tensor("float32", widths, [widths.length]) });
    return classify({ network, images: images.data });
  },
  /** The maps of each layer for one image. */
  async inside({ network, image }) {
    const graph = await insideSession(network);
    const said = await graph.run({ images: new ort.Tensor("uint8", image, [1, 28, 28]) });
    return settings.networks[network].layers.map((name) => ({ name, shape: said[name].dims.slice(1), data: said[name].data }));
  },
};

let working = Promise.resolve(); // one after the other, as the runtime wants it
onmessage = ({ data: { id, task, ...given } }) => {
  working = working.then(async () => {
    try {
      postMessage({ id, result: await tasks[task](given) });
    } catch (error) {
      postMessage({ id, error: String(error) });
    }
  });
};
