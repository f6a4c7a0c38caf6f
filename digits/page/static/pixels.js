// What OpenCV does to pixels, as OpenCV does it; a level may differ. A picture is { data, width, height, channels }, its
// data uint8, row by row, the channels of a pixel side by side.

/** The nearest integer, of two the even one, as Python and NumPy round. */
export function round(value) {
  const nearest = Math.round(value);
  return Math.abs(value % 1) === 0.5 && nearest % 2 ? nearest - 1 : nearest;
}

/** The median of counted values: `counts` holds how often each occurs. */
export function median(counts) {
  const half = counts.reduce((sum, count) => sum + count, 0) / 2;
  const first = (isEnough) => {
    let below = 0;
    return counts.findIndex((count) => isEnough((below += count)));
  };
  return (first((below) => below >= half) + first((below) => below > half)) / 2;
}

/** A picture of other sides: by area where it becomes smaller, cubic (or as `enlarged` says) where it becomes larger. */
export function resized(picture, width, height, enlarged = cubic) {
  if (width === picture.width && height === picture.height) return picture;
  const isSmaller = width <= picture.width && height <= picture.height;
  const { data, channels } = picture;
  const row = (y) => data.subarray(y * picture.width * channels, (y + 1) * picture.width * channels);
  const ways = [width, height].map((count, axis) => {
    const size = axis ? picture.height : picture.width;
    return isSmaller ? area(size, count) : enlarged(size, count);
  });
  return mixed(row, channels, ...ways);
}

/** A picture `factor` times as large; see `resized`. */
export function scaled(picture, factor) {
  return resized(picture, ...[picture.width, picture.height].map((side) => Math.max(1, round(side * factor))));
}

/**
 * Rows of pixels, mixed into a picture; `row(y)` gives them, each asked for once, from above.
 * across, down: of each column and row of the picture, which pixels it is made of, and how much of each: see `area`.
 */
export function mixed(row, channels, across, down) {
  const [width, height] = [across.length, down.length];
  const data = new Uint8ClampedArray(width * height * channels);
  const kept = []; // rows that are mixed across
  let known = 0;
  const total = new Float32Array(width * channels);
  for (let y = 0; y < height; y++) {
    const { at, shares } = down[y];
    const last = Math.max(...at);
    for (; known <= last; known++) kept[known] = mixedRow(row(known), channels, across);
    total.fill(0);
    at.forEach((each, index) => {
      const [line, share] = [kept[each], shares[index]];
      for (let place = 0; place < total.length; place++) total[place] += share * line[place];
    });
    for (let used = Math.min(...at) - 1; used >= 0 && kept[used]; used--) delete kept[used];
    data.set(total, y * total.length); // rounds half to even, as OpenCV does
  }
  return { data: new Uint8Array(data.buffer), width, height, channels };
}

function mixedRow(line, channels, across) {
  const made = new Float32Array(across.length * channels);
  for (let x = 0, place = 0; x < across.length; x++) {
    const { at, shares } = across[x];
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      for (let index = 0; index < at.length; index++) sum += shares[index] * line[at[index] * channels + channel];
      made[place++] = sum;
    }
  }
  return made;
}

/** Each of `count` cells as the mean of the pixels, of `size`, that lie in it, in part or whole. */
export function area(size, count) {
  const wide = size / count;
  return Array.from({ length: count }, (_, cell) => {
    const [low, high] = [cell * wide, Math.min((cell + 1) * wide, size)];
    const [at, shares] = [[], []];
    for (let pixel = Math.floor(low); pixel < high; pixel++) {
      const share = Math.min(high, pixel + 1) - Math.max(low, pixel);
      if (share < 1e-3) continue;
      at.push(pixel);
      shares.push(share / (high - low));
    }
    return { at, shares };
  });
}

/** Each of `count` cells between two pixels of `size`. */
export const linear = (size, count) => between(size, count, 0, (after) => [1 - after, after]);

/** Each of `count` cells among four pixels of `size`. */
export const cubic = (size, count) =>
  between(size, count, 1, (after) => {
    const near = (x) => (1.25 * x - 2.25) * x * x + 1;
    const far = (x) => ((-0.75 * x + 3.75) * x - 6) * x + 3;
    const [a, b, c] = [far(after + 1), near(after), near(1 - after)];
    return [a, b, c, 1 - a - b - c];
  });

function between(size, count, before, sharesOf) {
  return Array.from({ length: count }, (_, cell) => {
    const middle = ((cell + 0.5) * size) / count - 0.5;
    const first = Math.floor(middle);
    const shares = sharesOf(middle - first);
    return { at: shares.map((_, index) => Math.min(Math.max(first - before + index, 0), size - 1)), shares };
  });
}

/** Part of a picture. */
export function cropped({ data, width, channels }, left, top, wide, high) {
  const part = new Uint8Array(wide * high * channels);
  for (let y = 0; y < high; y++) {
    const from = ((top + y) * width + left) * channels;
    part.set(data.subarray(from, from + wide * channels), y * wide * channels);
  }
  return { data: part, width: wide, height: high, channels };
}

/** A picture after so many quarter turns to the left. */
export function turned(picture, turns) {
  if (!turns) return picture;
  const { data, width, height, channels } = picture;
  const made = new Uint8Array(data.length);
  for (let x = width - 1, place = 0; x >= 0; x--) {
    for (let y = 0; y < height; y++) {
      for (let channel = 0; channel < channels; channel++) made[place++] = data[(y * width + x) * channels + channel];
    }
  }
  return turned({ data: made, width: height, height: width, channels }, turns - 1);
}

/** The median of the square of `side` pixels around each pixel, in each channel by itself. */
export function medianBlur({ data, width, height, channels }, side) {
  const [reach, half] = [side >> 1, (side * side) >> 1];
  const made = new Uint8Array(data.length);
  const inside = (value, size) => Math.min(Math.max(value, 0), size - 1);
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < height; y++) {
      const rows = Array.from({ length: side }, (_, index) => inside(y - reach + index, height) * width);
      const counts = new Uint16Array(256);
      let [value, below] = [0, 0]; // `below` pixels of the square are less than `value`
      const count = (x, by) => {
        const column = inside(x, width);
        for (const row of rows) {
          const level = data[(row + column) * channels + channel];
          counts[level] += by;
          if (level < value) below += by;
        }
      };
      for (let x = -reach - 1; x < reach; x++) count(x, 1);
      for (let x = 0; x < width; x++) {
        count(x + reach, 1);
        count(x - reach - 1, -1);
        while (below > half) below -= counts[--value];
        while (below + counts[value] <= half) below += counts[value++];
        made[(y * width + x) * channels + channel] = value;
      }
    }
  }
  return { data: made, width, height, channels };
}

/** The level of grey values that parts two kinds of pixels best: N. Otsu (1979). */
export function otsu(data) {
  const counts = new Float64Array(256);
  for (const level of data) counts[level]++;
  const mean = counts.reduce((sum, count, level) => sum + level * count, 0) / data.length;
  const tiny = 2 ** -23;
  let [share, first, most, best] = [0, 0, 0, 0];
  counts.forEach((count, level) => {
    first *= share;
    share += count / data.length;
    if (Math.min(share, 1 - share) < tiny) return;
    first = (first + (level * count) / data.length) / share;
    const apart = share * (1 - share) * (first - (mean - share * first) / (1 - share)) ** 2;
    if (apart > most) [most, best] = [apart, level];
  });
  return best;
}

/**
 * Which connected part of a mask (0 or not) each pixel belongs to, diagonal neighbours together.
 * Returns { labels, boxes }: 0 is the ground; boxes[label - 1] is left, top, width, height.
 */
export function components(mask, width, height) {
  const labels = new Int32Array(mask.length);
  const boxes = [];
  const waiting = [];
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || labels[start]) continue;
    const label = boxes.length + 1;
    let [left, right, top, bottom] = [width, 0, height, 0];
    labels[start] = label;
    waiting.push(start);
    while (waiting.length) {
      const place = waiting.pop();
      const [x, y] = [place % width, Math.floor(place / width)];
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
      for (let beside = Math.max(0, y - 1); beside <= Math.min(height - 1, y + 1); beside++) {
        for (let near = beside * width + Math.max(0, x - 1); near <= beside * width + Math.min(width - 1, x + 1); near++) {
          if (!mask[near] || labels[near]) continue;
          labels[near] = label;
          waiting.push(near);
        }
      }
    }
    boxes.push([left, top, right + 1 - left, bottom + 1 - top]);
  }
  return { labels, boxes };
}

/** The largest value in the square of `side` around each place of a map. */
export function dilated(map, width, height, side) {
  const reach = side >> 1;
  const across = map.slice();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let near = Math.max(0, x - reach); near <= Math.min(width - 1, x + reach); near++) {
        across[y * width + x] = Math.max(across[y * width + x], map[y * width + near]);
      }
    }
  }
  const made = across.slice();
  for (let y = 0; y < height; y++) {
    for (let near = Math.max(0, y - reach); near <= Math.min(height - 1, y + reach); near++) {
      for (let x = 0; x < width; x++) made[y * width + x] = Math.max(made[y * width + x], across[near * width + x]);
    }
  }
  return made;
}

const [STRAIGHT, DIAGONAL] = [0.955, 1.3693].map((step) => Math.round(65536 * step)); // steps of DIST_L2, in a 3 × 3 mask

/** The distance of each pixel of a mask from the ground, and from what is around the picture, in 65536ths of a pixel. */
export function distances(mask, width, height) {
  const wide = width + 2;
  const far = new Int32Array(wide * (height + 2));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) far[(y + 1) * wide + x + 1] = mask[y * width + x] ? 2 ** 30 : 0;
  }
  const pass = (place, by) => {
    const [beside, before] = [far[place - by] + STRAIGHT, far[place - by * wide] + STRAIGHT];
    const diagonal = Math.min(far[place - by * (wide + 1)], far[place - by * (wide - 1)]) + DIAGONAL;
    far[place] = Math.min(far[place], beside, before, diagonal);
  };
  for (let y = 1; y <= height; y++) for (let x = 1; x <= width; x++) pass(y * wide + x, 1);
  for (let y = height; y >= 1; y--) for (let x = width; x >= 1; x--) pass(y * wide + x, -1);
  const made = new Int32Array(mask.length);
  for (let y = 0; y < height; y++) made.set(far.subarray((y + 1) * wide + 1, (y + 2) * wide - 1), y * width);
  return made;
}
