// Photographs: chosen, taken, dropped or pasted, sent to the server, and shown with what it read in them.

import { DOUBTFUL, element, fail } from "./answer.js";
import { settings } from "./settings.js";
import { words } from "./words.js";

const byId = (id) => document.getElementById(id);
let asked = 0;

/** Calls `show(reading)` for each picture that is read, or null while there is none; `choose(digit)` when a box is tapped. */
export function takePhotographs(show, choose) {
  const read = async (picture) => {
    if (!picture) return;
    if (!picture.type.startsWith("image/") && picture.type) return fail(words.noPicture);
    const own = ++asked;
    showPicture(picture);
    show(null, words.reading);
    const said = await send(picture).catch(() => ({ error: words.failedReading }));
    if (own !== asked) return;
    fail(said.error ?? "");
    if (said.error) return show(null, "");
    const digits = said.digits.map((one) => ({ ...one, image: Uint8Array.from(atob(one.image), (letter) => letter.charCodeAt(0)) }));
    await shown();
    showBoxes(digits, choose);
    show({ ...said, digits });
  };
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
    fail();
    byId("shown").hidden = byId("again").hidden = true;
    byId("drop").hidden = false;
    show(null, words.emptyPhoto);
    byId("file").focus();
  };
  settings.photos.forEach((path, index) => {
    const button = element("button", { class: "link" }, words.examplePhoto(index + 1));
    button.onclick = async () => read(await (await fetch(path)).blob());
    byId("photos").append(button, " ");
  });
}

async function send(picture) {
  const answer = await fetch("read", {
    method: "POST",
    headers: { "Content-Type": picture.type || "application/octet-stream" },
    body: picture,
  });
  return answer.json();
}

function showPicture(picture) {
  const image = byId("image");
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(picture);
  image.alt = words.picture;
  byId("found").replaceChildren();
  byId("shown").hidden = byId("again").hidden = false;
  byId("drop").hidden = true;
}

/** When the picture's size is known, or the browser cannot show it. */
const shown = () => byId("image").decode().catch(() => undefined);

function showBoxes(digits, choose) {
  const { naturalWidth: wide, naturalHeight: high } = byId("image");
  if (!wide) return;
  byId("found").replaceChildren(
    ...digits.map((one) => {
      const [left, top, width, height] = one.box;
      const doubtful = one.confidence < DOUBTFUL;
      const box = element("button", { class: doubtful ? "box doubtful" : "box" });
      box.append(element("span", { "aria-hidden": true }, `${one.digit}${doubtful ? "?" : ""}`));
      box.append(element("i", { class: "visually-hidden" }, words.box(one.digit, one.confidence)));
      box.style.left = `${(100 * left) / wide}%`;
      box.style.top = `${(100 * top) / high}%`;
      box.style.width = `${(100 * width) / wide}%`;
      box.style.height = `${(100 * height) / high}%`;
      box.onclick = () => choose(one);
      return box;
    }),
  );
}
