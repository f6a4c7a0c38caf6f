// The drawing, kept in this tab, so that a reload does not lose it.

const KEY = "digits drawing";
const LARGEST = 10_000; // of a kept number

/** Keep these strokes. A browser that stores nothing here, or whose storage is full, keeps none. */
export function keepDrawing(strokes) {
  try {
    sessionStorage.removeItem(KEY);
    sessionStorage.setItem(KEY, JSON.stringify(strokes));
  } catch {
    // then a reload begins with an empty sheet
  }
}

/** The strokes that were kept; none where something else was. */
export function keptDrawing() {
  try {
    const strokes = JSON.parse(sessionStorage.getItem(KEY)) ?? [];
    return strokes.every(isStroke) ? strokes : [];
  } catch {
    return [];
  }
}

const isStroke = ({ points, width }) => isSize(width) && points.length > 0 && points.every(isPoint);
const isPoint = ({ x, y, press }) => isNumber(x) && isNumber(y) && isSize(press);
const isSize = (value) => isNumber(value) && value > 0;
const isNumber = (value) => Number.isFinite(value) && Math.abs(value) < LARGEST;
