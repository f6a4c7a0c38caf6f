// The first step: pixels that a browser decoded, upright, on a ground that shows the ink, and not larger than the other
// steps need; see digits/reading/picture.py.

import { area, cubic, median, mixed } from "./pixels.js";
import { settings } from "./settings.js";

const { ENOUGH, SMALL, STRIP } = settings.picture;
const { FAINT } = settings.image_files;
const BAND = 256; // rows of a photograph that are looked at together: no browser need hold all of it in a canvas

/** The picture in an ImageBitmap, three channels, and how many pixels of the original one of its pixels is. */
export function pictureOf(bitmap) {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, Math.min(BAND, height)).getContext("2d", { willReadFrequently: true });
  context.globalCompositeOperation = "copy";
  let band;
  const row = (y) => {
    if (y % BAND === 0) {
      context.drawImage(bitmap, 0, -y);
      band = context.getImageData(0, 0, width, context.canvas.height).data;
    }
    return band.subarray(4 * width * (y % BAND), 4 * width * ((y % BAND) + 1));
  };
  return fitted(row, width, height);
}

/** Rows of four channels reduced to `ENOUGH` pixels, or enlarged until the shorter side has `SMALL`. */
export function fitted(row, width, height) {
  let scale = Math.max(1, Math.sqrt((width * height) / ENOUGH));
  if (Math.min(width, height) < SMALL && scale === 1 && Math.max(width, height) < STRIP) {
    scale = 1 / Math.ceil(SMALL / Math.min(width, height));
  }
  const cells = (size) => (scale < 1 ? cubic : area)(size, Math.max(1, Math.round(size / scale)));
  const picture = laid(mixed(row, 4, cells(width), cells(height)));
  return { picture, scale: width / picture.width };
}

/** Pixels with transparency on a ground: white, black where the ink is bright, or the page's own where they show one. */
function laid({ data, width, height }) {
  const counts = Array.from({ length: 3 }, () => new Uint32Array(256));
  let [opaque, isWhole] = [0, true];
  for (let place = 0; place < data.length; place += 4) {
    isWhole &&= data[place + 3] === 255;
    if (data[place + 3] <= 127) continue;
    opaque++;
    for (let channel = 0; channel < 3; channel++) counts[channel][data[place + channel]]++;
  }
  const ground = isWhole ? [0, 0, 0] : groundOf(counts, opaque, width * height);
  const made = new Uint8ClampedArray(3 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const share = data[4 * pixel + 3] / 255;
    for (let channel = 0; channel < 3; channel++) {
      made[3 * pixel + channel] = data[4 * pixel + channel] * share + ground[channel] * (1 - share);
    }
  }
  return { data: new Uint8Array(made.buffer), width, height, channels: 3 };
}

function groundOf(counts, opaque, size) {
  const isBlank = counts.every((count) => count.findLastIndex(Boolean) - count.findIndex(Boolean) < FAINT);
  if (opaque > size / 2 && !isBlank) return counts.map((count) => median(count));
  const sum = counts.reduce((total, count) => count.reduce((all, each, level) => all + each * level, total), 0);
  return Array(3).fill(opaque && sum / (3 * opaque) > 127 ? 0 : 255);
}
