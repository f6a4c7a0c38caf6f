// Photographs: chosen, taken, dropped or pasted, read here or, where the browser cannot open them, by the server.

import { fail, isDoubtful, marked } from "./answer.js";
import { offerCamera } from "./camera.js";
import { element, placed } from "./element.js";
import { compute } from "./network.js";
import { settings } from "./settings.js";
import { words } from "./words.js";

const { MAX_PIXELS, MAX_SIDE } = settings.image_files;
const { MOST_BYTES } = settings.page;

const byId = (id) => document.getElementById(id);
let asked = 0;
let last = null; // the picture that is shown

/**
 * Calls `show(reading)` for each picture that is read, or null while there is none; `choose(digit)` when a box is tapped.
 * network: gives the name of the chosen one. Returns what reads the last picture again, with another network.
 */
export function takePhotographs({ network, show, choose }) {
  const read = async (picture) => {
    if (!picture) return;
    const own = ++asked;
    last = picture;
    fail();
    show(null, words.reading);
    const said = await reading(picture, network()).catch(({ message }) => ({ error: message }));
    if (own !== asked) return;
    if (said.error) {
      clear();
      fail(said.error);
      return show(null, "");
    }
    showBoxes(said, choose);
    show(said);
  };
  offerCamera(read);
  for (const input of [byId("camera"), byId("file")]) {
    input.onchange = () => {
      read(input.files[0]);
      input.value = "";
    };
  }
  const target = byId("photo");
  target.ondragover = (event) => event.preventDefault();
  target.ondrop = (event) => {
    event.preventDefault();
    read(event.dataTransfer.files[0]);
  };
  addEventListener("paste", (event) => {
    const picture = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (picture && !target.hidden) read(picture);
  });
  byId("another").onclick = () => {
    asked++;
    last = null;
    fail();
    clear();
    show(null, words.emptyPhoto);
    byId("file").focus();
  };
  settings.photos.forEach((path, index) => {
    const button = element("button", { class: "link" }, words.examplePhoto(index + 1));
    button.onclick = async () => read(await (await fetch(path)).blob());
    byId("photos").append(button, " ");
  });
  return () => read(last);
}

/** What is read in a file. Errors say why it cannot be. */
async function reading(picture, network) {
  if (picture.type && !picture.type.startsWith("image/")) throw new Error(words.noPicture);
  if (picture.size > MOST_BYTES) throw new Error(words.largeFile(MOST_BYTES >> 20));
  const bitmap = await decoded(picture);
  if (!bitmap && !settings.served) throw new Error(words.notShown);
  if (!bitmap) return send(picture);
  return compute("photograph", { network, bitmap }, [bitmap]).catch(() => {
    throw new Error(words.failedNetwork);
  });
}

/** A picture's pixels, upright, once it is shown; null where the browser cannot open it. */
async function decoded(picture) {
  const address = URL.createObjectURL(picture);
  const { naturalWidth, naturalHeight } = await sized(address);
  if (naturalWidth * naturalHeight > MAX_PIXELS || Math.max(naturalWidth, naturalHeight) > MAX_SIDE) {
    URL.revokeObjectURL(address);
    throw new Error(words.largePicture(MAX_PIXELS / 1e6));
  }
  showPicture(address);
  if (!naturalWidth) return null;
  const asPythonDoes = { imageOrientation: "from-image", colorSpaceConversion: "none" };
  return createImageBitmap(picture, asPythonDoes).catch(() => null);
}

/** An image that knows its size, and is not decoded yet; of no size where the browser cannot open it. */
function sized(address) {
  const image = new Image();
  return new Promise((resolve) => {
    image.onload = image.onerror = () => resolve(image);
    image.src = address;
  });
}

async function send(picture) {
  const answer = await fetch("read", {
    method: "POST",
    headers: { "Content-Type": picture.type || "application/octet-stream" },
    body: picture,
  }).catch(() => {
    throw new Error(words.failedReading);
  });
  const said = await answer.json();
  if (said.error) throw new Error(said.error);
  byId("there").textContent = words.readThere(words.networks[Object.keys(settings.networks)[0]]);
  const digits = said.digits.map((one) => ({ ...one, image: Uint8Array.from(atob(one.image), (letter) => letter.charCodeAt(0)) }));
  return { ...said, digits };
}

function showPicture(address) {
  const image = byId("image");
  URL.revokeObjectURL(image.src);
  image.src = address;
  image.alt = words.picture;
  byId("found").replaceChildren();
  byId("there").textContent = "";
  byId("shown").hidden = byId("again").hidden = false;
  byId("drop").hidden = true;
}

function clear() {
  byId("shown").hidden = byId("again").hidden = true;
  byId("drop").hidden = false;
}

function showBoxes({ digits, left_out }, choose) {
  const { naturalWidth: wide, naturalHeight: high } = byId("image");
  if (!wide) return;
  const left = left_out.map((box) => placed(element("i", { class: "box left-out", title: words.leftOut }), box, wide, high));
  const found = digits.filter(({ digit }) => digit !== null).map((one) => {
    const box = element("button", { class: isDoubtful(one) ? "box doubtful" : "box" });
    box.append(element("span", { "aria-hidden": true }, marked(one)));
    box.append(element("i", { class: "visually-hidden" }, words.box(one.digit, one.confidence)));
    box.onclick = () => choose(one);
    return placed(box, one.box, wide, high);
  });
  byId("found").replaceChildren(...left, ...found);
}
