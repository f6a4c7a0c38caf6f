// Any network's layers, each on demand: its maps as small multiples, and one of them large, in a dialog.

import { fail, inkColour } from "./answer.js";
import { element } from "./element.js";
import { colourOf, drawMap, kindOf, most } from "./maps.js";
import { compute } from "./network.js";
import { settings } from "./settings.js";
import { words } from "./words.js";

const byId = (id) => document.getElementById(id);
const ROOM = 3; // pixels between maps
let shown = { network: "", image: null };
let enlarged = { layer: null, channel: 0 };

/** Offer the layers of `network` for an image, and show those that are open. */
export function showLayers(network, image) {
  shown = { network, image };
  const { layers } = settings.networks[network];
  byId("layers-title").textContent = words.layers(words.networks[network]);
  const list = byId("layers");
  if ([...list.children].map(({ id }) => id).join() !== layers.map(idOf).join()) list.replaceChildren(...layers.map(emptyLayer));
  for (const each of list.querySelectorAll("[open]")) open(each);
}

const idOf = (name) => `layer-${name}`;

function emptyLayer(name) {
  const title = element("summary", {}, element("h4", {}, name), " ", element("span", { class: "note" }, words.kinds[kindOf(name)]));
  const maps = element("button", { class: "maps", hidden: "" }, element("canvas"));
  const made = element("details", { class: "layer", id: idOf(name) }, title, element("p", { class: "note" }), maps);
  made.ontoggle = () => made.open && open(made);
  return made;
}

const open = (details) => fill(details).catch(() => fail(words.failedNetwork));

/** Compute a layer, and show its maps in a button that enlarges the one that is tapped. */
async function fill(details) {
  const asked = shown;
  const name = details.querySelector("h4").textContent;
  const layer = described(name, (await compute("inside", { ...asked, names: [name] }))[name]);
  if (asked !== shown) return;
  const [, note, button] = details.children;
  note.textContent = words.layer(layer.channels, layer.height, layer.width);
  button.setAttribute("aria-label", words.maps(name, layer.channels));
  button.onclick = (event) => enlarge(layer, event.detail ? tapped(layer, button.firstChild, event) : 0);
  drawLayer(button.firstChild, layer);
  button.hidden = false;
}

function described(name, { shape: [, channels, height = 1, width = 1], data }) {
  const zoom = Math.max(1, Math.round((height > 20 ? 56 : height > 8 ? 42 : height > 1 ? 30 : 18) / height));
  const fitting = Math.max(1, Math.floor((byId("layers").clientWidth - 24 + ROOM) / (zoom * width + ROOM)));
  const columns = Math.ceil(channels / Math.ceil(channels / fitting)); // rows of about one length
  return { name, channels, height, width, data, most: most(data), zoom, columns };
}

function drawLayer(canvas, layer) {
  const { channels, height, width, data, zoom, columns } = layer;
  const [high, wide] = [zoom * height + ROOM, zoom * width + ROOM];
  const context = canvas.getContext("2d");
  canvas.width = columns * wide - ROOM;
  canvas.height = Math.ceil(channels / columns) * high - ROOM;
  const pixels = context.createImageData(canvas.width, canvas.height);
  const ink = inkColour();
  for (let channel = 0; channel < channels; channel++) {
    const [left, top] = [(channel % columns) * wide, Math.floor(channel / columns) * high];
    for (let y = 0; y < zoom * height; y++) {
      for (let x = 0; x < zoom * width; x++) {
        const value = data[(channel * height + Math.floor(y / zoom)) * width + Math.floor(x / zoom)];
        const [red, green, blue, alpha] = colourOf(value, layer.most, ink);
        pixels.data.set([red, green, blue, Math.max(14, alpha)], 4 * ((top + y) * canvas.width + left + x));
      }
    }
  }
  context.putImageData(pixels, 0, 0);
}

function tapped({ channels, height, width, zoom, columns }, canvas, event) {
  const { left, top, width: shown } = canvas.getBoundingClientRect();
  const scale = canvas.width / shown;
  const column = Math.floor(((event.clientX - left) * scale) / (zoom * width + ROOM));
  const row = Math.floor(((event.clientY - top) * scale) / (zoom * height + ROOM));
  return Math.min(channels - 1, Math.max(0, row * columns + Math.min(column, columns - 1)));
}

/** Show one map large, in a dialog. */
function enlarge(layer, channel) {
  const { name, channels, width } = layer;
  enlarged = { layer, channel: (channel + channels) % channels };
  const values = layer.data.slice(enlarged.channel * layer.height * width, (enlarged.channel + 1) * layer.height * width);
  drawMap(byId("large-map"), values, width, layer.most);
  byId("large-title").textContent = words.map(name, enlarged.channel + 1, channels);
  byId("large-note").textContent = words.range(Math.min(...values), Math.max(...values));
  byId("large-map").setAttribute("aria-label", byId("large-title").textContent);
  if (!byId("large").open) byId("large").showModal();
}

byId("previous").onclick = () => enlarge(enlarged.layer, enlarged.channel - 1);
byId("next").onclick = () => enlarge(enlarged.layer, enlarged.channel + 1);
byId("close").onclick = () => byId("large").close();
byId("large").onclick = (event) => event.target === byId("large") && byId("large").close();
byId("large").onkeydown = ({ key }) => {
  if (key === "ArrowLeft") byId("previous").click();
  if (key === "ArrowRight") byId("next").click();
};
