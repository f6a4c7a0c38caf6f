// The sheet of paper: strokes by mouse, finger, pen or keyboard, erased, undone and cleared; and the picture that they make.

import { settings } from "./settings.js";

const { SMALL } = settings.picture;
const ROOM = 20; // pixels around the ink in its picture
const LEAST = 48; // of a usual stroke's longer side, where that is enough for all to fit into SMALL: it is read soonest so
const USUAL = 80; // likewise, where it is not
const LARGEST = 720; // of the longer side of all ink
const STEP = 12; // pixels by which an arrow key moves the pen; with Shift a quarter of it
const MOST_STROKES = 400;
const MOST_POINTS = 4000; // of a stroke
const ERASER = 8; // pixels of the sheet, from its middle to its edge

/** Draw a stroke: smooth, as wide as the pen was pressed. */
export function trace(context, { points, width }) {
  context.lineCap = context.lineJoin = "round";
  if (points.length === 1) {
    context.beginPath();
    context.arc(points[0].x, points[0].y, (width * points[0].press) / 2, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  const isEven = points.every(({ press }) => press === points[0].press); // then it is one path, without seams
  let { x, y } = points[0];
  points.forEach((point, index) => {
    const next = points[index + 1];
    const [toX, toY] = next ? [(point.x + next.x) / 2, (point.y + next.y) / 2] : [point.x, point.y];
    if (index === 0 || !isEven) {
      context.lineWidth = width * point.press;
      context.beginPath();
      context.moveTo(x, y);
    }
    context.quadraticCurveTo(point.x, point.y, toX, toY);
    if (!next || !isEven) context.stroke();
    [x, y] = [toX, toY];
  });
}

/** The ink of strokes as a picture, black on white, in one channel; where in the sheet it begins, and how much larger. */
export function pixelsOf(strokes) {
  const boxes = strokes.map(boxOf);
  const [left, top] = ["left", "top"].map((side) => Math.min(...boxes.map((box) => box[side])));
  const [right, bottom] = ["right", "bottom"].map((side) => Math.max(...boxes.map((box) => box[side])));
  const [usual, longest] = [usualSide(boxes), Math.max(right - left, bottom - top)];
  const fitting = (SMALL - 2 * ROOM) / longest;
  const scale = usual * fitting >= LEAST ? fitting : Math.min(USUAL / usual, LARGEST / longest);
  const [width, height] = [right - left, bottom - top].map((side) => Math.max(SMALL, Math.ceil(scale * side) + 2 * ROOM));
  const [x, y] = [(width - scale * (left + right)) / 2, (height - scale * (top + bottom)) / 2];
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.setTransform(scale, 0, 0, scale, x, y);
  for (const stroke of strokes) trace(context, stroke);
  const { data } = context.getImageData(0, 0, width, height);
  const grey = Uint8Array.from({ length: width * height }, (_, place) => 255 - data[4 * place + 3]);
  return { picture: { data: grey, width, height, channels: 1 }, scale, left: -x / scale, top: -y / scale };
}

/** The box around a stroke, with the width of its line. */
function boxOf({ points, width }) {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [left, right] = [Math.min(...xs) - width / 2, Math.max(...xs) + width / 2];
  const [top, bottom] = [Math.min(...ys) - width / 2, Math.max(...ys) + width / 2];
  return { left, top, right, bottom, side: Math.max(right - left, bottom - top) };
}

/** The median of strokes' longer sides, where long ones count more: about the height of a digit. */
function usualSide(boxes) {
  const sides = boxes.map(({ side }) => side).sort((a, b) => a - b);
  let half = sides.reduce((sum, side) => sum + side, 0) / 2;
  return sides.find((side) => (half -= side) <= 0);
}

/** Whether an eraser that moves from one point to another touches a stroke. */
function touches({ points, width }, from, to) {
  const steps = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / ERASER) || 1;
  return Array.from({ length: steps + 1 }, (_, step) => between(from, to, step / steps)).some((place) =>
    points.some((point, index) => distance(place, points[Math.max(0, index - 1)], point) < ERASER + width / 2),
  );
}

const between = (from, to, share) => ({ x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) });

/** The distance of a point from a line between two others. */
function distance({ x, y }, from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const share = ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy || 1);
  const nearest = between(from, to, Math.min(1, Math.max(0, share)));
  return Math.hypot(x - nearest.x, y - nearest.y);
}

export class Sheet extends EventTarget {
  /** Fires `change` while and after something is drawn; `detail.done` tells whether a stroke is complete. */
  constructor(canvas) {
    super();
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.strokes = [];
    this.past = []; // what `strokes` was before each step
    this.future = []; // and after each that was undone
    this.penWidth = 12;
    this.isErasing = false;
    this.current = null; // the stroke that is being drawn, or the eraser's way
    this.cursor = null; // of the keyboard: { x, y, down }
    this.count = 0;
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.#end(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#lift());
    new ResizeObserver(() => this.#fit()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
  }

  /** Put strokes on an empty sheet: lists of points { x, y }, in pixels of the page. */
  show(strokes) {
    this.#lift();
    this.#remember();
    this.strokes = strokes.map((points) => this.#stroke(points.map((point) => ({ ...point, press: 1 }))));
    this.#changed(true);
  }

  /** Begin with strokes that were kept, unless something was drawn already. */
  load(strokes) {
    if (!strokes.length || this.past.length) return;
    this.strokes = strokes.map((stroke) => ({ ...stroke, id: ++this.count }));
    this.#changed(true);
  }

  clear() {
    if (this.strokes.length) this.show([]);
  }

  undo() {
    this.#step(this.past, this.future);
  }

  redo() {
    this.#step(this.future, this.past);
  }

  /** The sheet as a PNG, black on white: a promise of a Blob. */
  picture() {
    const { width, height } = this.canvas;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.fillStyle = context.strokeStyle = "black";
    for (const stroke of this.strokes) trace(context, stroke);
    return canvas.convertToBlob();
  }

  redraw() {
    const { canvas, context } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.strokeStyle = context.fillStyle = getComputedStyle(canvas).color;
    for (const stroke of this.strokes) trace(context, stroke);
    if (this.cursor && document.activeElement === canvas) {
      const { x, y, down } = this.cursor;
      context.lineWidth = 2;
      context.strokeStyle = getComputedStyle(canvas).outlineColor;
      context.beginPath();
      context.arc(x, y, down ? 4 : 8, 0, 2 * Math.PI);
      context.moveTo(x - 14, y);
      context.lineTo(x + 14, y);
      context.moveTo(x, y - 14);
      context.lineTo(x, y + 14);
      context.stroke();
    }
  }

  #stroke(points) {
    return { id: ++this.count, points, width: this.penWidth };
  }

  #remember() {
    this.future = [];
    this.past.push(this.strokes);
    if (this.past.length > 200) this.past.shift();
  }

  #step(from, to) {
    if (!from.length) return;
    this.#lift();
    to.push(this.strokes);
    this.strokes = from.pop();
    this.#changed(true);
  }

  #changed(done) {
    this.redraw();
    this.dispatchEvent(new CustomEvent("change", { detail: { done, at: performance.now() } }));
  }

  #fit() {
    this.ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.canvas.clientWidth * this.ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * this.ratio);
    this.redraw();
  }

  #point(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    const press = event.pointerType === "pen" && event.pressure ? 0.5 + event.pressure : 1;
    return { x: event.clientX - left, y: event.clientY - top, press };
  }

  #put(point) {
    const last = this.current.points.at(-1);
    if (Math.hypot(point.x - last.x, point.y - last.y) < 1.5 || this.current.points.length >= MOST_POINTS) return;
    this.current.points.push(point);
    if (this.isErasing) this.#erase(last, point);
  }

  #start(point) {
    if (this.isErasing) {
      this.current = { points: [point], before: this.strokes };
      this.#erase(point, point);
      return;
    }
    this.#remember();
    this.current = this.#stroke([point]);
    this.strokes = [...this.strokes.slice(-MOST_STROKES + 1), this.current];
  }

  /** Take away what the eraser touches on its way; all that it takes until it is lifted is one step. */
  #erase(from, to) {
    const left = this.strokes.filter((stroke) => !touches(stroke, from, to));
    if (left.length === this.strokes.length) return;
    if (this.strokes === this.current.before) this.#remember();
    this.strokes = left;
  }

  #begin(event) {
    if (this.current || event.button > 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    this.cursor = null;
    this.#start(this.#point(event));
    this.#changed(false);
  }

  #move(event) {
    if (!this.current || event.pointerId !== this.pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) this.#put(this.#point(each));
    this.#changed(false);
  }

  #end(event) {
    if (!this.current || event.pointerId !== this.pointer) return;
    this.current = this.pointer = null;
    this.#changed(true);
  }

  #lift() {
    if (this.cursor?.down) {
      this.cursor.down = false;
      this.current = null;
      this.#changed(true);
    }
    this.redraw();
  }

  #key(event) {
    const by = event.shiftKey ? STEP / 4 : STEP;
    const [dx, dy] = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] }[event.key] ?? [0, 0];
    const { clientWidth, clientHeight } = this.canvas;
    if (event.key === "Backspace") this.undo();
    else if (event.key === "Escape") this.clear();
    else if (dx || dy || event.key === " ") {
      this.cursor ??= { x: clientWidth / 3, y: clientHeight / 4, down: false };
      this.cursor.x = Math.min(Math.max(this.cursor.x + dx, 0), clientWidth);
      this.cursor.y = Math.min(Math.max(this.cursor.y + dy, 0), clientHeight);
      const point = { x: this.cursor.x, y: this.cursor.y, press: 1 };
      if (event.key === " " && this.cursor.down) this.#lift();
      else if (event.key === " ") {
        this.cursor.down = true;
        this.#start(point);
        this.#changed(false);
      } else if (this.cursor.down) {
        this.#put(point);
        this.#changed(false);
      } else this.redraw();
    } else return;
    event.preventDefault();
  }
}
