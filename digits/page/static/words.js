// All words of the page, in one place: to change or to translate it, change this file.

export const percent = (share) => {
  const value = 100 * share;
  return `${value > 0 && value < 1 ? "<1" : value > 99 && value < 100 ? ">99" : Math.round(value)}%`;
};

const number = (value) => value.toFixed(Math.abs(value) < 10 ? 3 : 1).replace("-", "−");
const inFull = (value) => value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 });

const PLACES = [
  ["at the top left", "at the top", "at the top right"],
  ["at the left", "in the middle", "at the right"],
  ["at the bottom left", "at the bottom", "at the bottom right"],
];

export const place = (x, y) => PLACES[Math.min(2, Math.floor((3 * y) / 28))][Math.min(2, Math.floor((3 * x) / 28))];

export const words = {
  title: "Digits",
  lead: "Draw a digit or a number, and see what a neural network makes of it, and why.",
  draw: "Draw",
  photograph: "Photograph",
  modes: "How to give digits",
  network: "Network",
  networks: { reader: "Reader", baseline: "Baseline", yours: "Yours", mine: "Mine" },
  networkNotes: {
    reader: "seven convolutions. It has also seen other countries’ hands, print, and what is no digit.",
    baseline: "two convolutions. It has seen MNIST alone, and takes everything for a digit.",
    yours: "your own model.",
    mine: "the reader, after it learned from your corrections.",
  },
  networkNote: (name, accuracy) =>
    `${words.networks[name]}: ${words.networkNotes[name]}` +
    (accuracy ? ` ${(100 * accuracy).toFixed(1)}% right on MNIST’s test images.` : ""),
  sheet: "Sheet to draw on",
  hint: "Write here",
  undo: "Undo",
  redo: "Redo",
  erase: "Eraser",
  clear: "Clear",
  pen: "Pen",
  tools: "Drawing tools",
  try: "Or try:",
  suggestions: {
    7: "one digit; and is yours read with a bar, too?",
    42: "two digits, side by side",
    314159: "a long number, such as your telephone’s",
    "1969\n2026": "two rows",
    AX: "letters, which are no digits",
  },
  how: "Mouse, finger or pen; several digits and rows are fine.",
  keys:
    "By keyboard: arrow keys move the pen (with Shift in small steps), Space puts it down or lifts it, Backspace " +
    "or Ctrl+Z undoes, Ctrl+Y redoes, Escape clears.",
  drop: "Take a photograph of handwritten digits, choose a picture, drop one here, or paste one.",
  camera: "Take a photograph",
  live: "Hold the digits before the camera",
  shutter: "Take it",
  cameraRefused: "This page may not use the camera. Allow it in the browser’s settings, or choose a picture.",
  cameraFailed: "The camera gives no picture. See that it is plugged in and that no other program uses it.",
  file: "Choose a picture",
  another: "Another picture",
  examplePhoto: (number) => `Photograph ${number}`,
  formats: "PNG, JPEG, WebP, AVIF, GIF or BMP, and what else your browser shows; of an animation the first picture is read.",
  keptHere: "Photographs stay in this browser, too.",
  keptThere:
    "Photographs stay in this browser, too. What it cannot open, such as HEIC or TIFF, the computer that runs digits serve " +
    "reads in its memory, and does not keep.",
  reading: "Reading…",
  loading: "The network is being loaded…",
  answer: "Answer",
  empty: "Nothing is drawn yet. Write on the sheet, or begin with one of these:",
  emptyPhoto: "No picture yet.",
  nothing: "no digit",
  noDigits: (confidence) => `There is no digit in it, as far as the network can tell (${percent(confidence)} sure).`,
  sure: (confidence, count, left, doubtful) =>
    `${percent(confidence)} sure of ${count > 1 ? "these digits" : "this digit"}${left ? `; ${marks(left)} left out` : ""}.` +
    (doubtful ? " A question mark stands where it doubts." : ""),
  copy: "Copy the text",
  save: "Save the picture",
  copied: "Copied.",
  notCopied: "This browser does not let the page copy. Mark the text and copy it yourself.",
  spoken: (text, confidence, left) =>
    text
      ? `Read: ${text.replaceAll("\n", ", next row ")}. ${percent(confidence)} sure${left ? `; ${marks(left)} left out` : ""}.`
      : "Read: no digit.",
  card: (digit, confidence, doubtful, second, share) =>
    `${digit === null ? "No digit" : digit}${doubtful && digit !== null ? ", in doubt" : ""}, ${percent(confidence)} sure. ` +
    `Next: ${second}, ${percent(share)}. Look inside`,
  box: (digit, confidence) => `${digit}, ${percent(confidence)} sure. Look inside`,
  itIs: "it is a …",
  itIsSpoken: (digit) => `This was read as ${digit === null ? "no digit" : digit}. It is:`,
  classOf: (label) => (label === 10 ? "no digit" : String(label)),
  corrections: (count) => `${count} ${count === 1 ? "correction" : "corrections"} of yours`,
  correctionsKept:
    "They are kept in this browser. Digits that look like one of them are read as that. " +
    "Saved, they are what digits learn and digits read --hand take.",
  undoCorrection: "Undo the last",
  saveCorrections: "Save my digits",
  deleteAll: "Delete all",
  deleteCorrections: (count) => `Delete ${count === 1 ? "the correction" : `all ${count} corrections`}? This cannot be undone.`,
  notKept: "The correction could not be kept: this browser stores nothing here, or its storage is full.",
  tooManyCorrections: (count) => `There are ${count} corrections already, which is as many as can be kept.`,
  learn: "Learn from them",
  learnWhere: "To learn from them, they are sent to the computer that runs digits serve, which keeps nothing of them.",
  learning: (share) => `The reader learns… ${percent(share)}`,
  learned: ({ better, own, mnist }) =>
    `Of your digits, each while it was left out, it reads ${percent(own[1])} now (${percent(own[0])} before; 95% interval ${own[2]}); ` +
    `of MNIST’s ${(100 * mnist[1]).toFixed(1)}% (${(100 * mnist[0]).toFixed(1)}% before). ` +
    (better ? "Choose “Mine” above to use it." : "That is not better, so the reader stays as it was."),
  bar: (digit, share) => `${digit}: ${percent(share)}`,
  leftOut: "Left out: no digit",
  picture: "The photograph that was read",
  readThere: (network) => `This browser cannot show the picture. digits serve has read it, with the network “${network}”.`,
  inside: "Look inside",
  insideEmpty: "Draw or tap a digit: here you will see what the network sees, and how it comes to its answer.",
  insideLead: (digit, network) =>
    digit === null
      ? `How the network “${network}” comes to say that this is no digit.`
      : `How the network “${network}” comes to say ${digit}.`,
  insideAlone: (digit, alone, network) =>
    `The network “${network}” alone says ${alone === null ? "that this is no digit" : alone}, and this is how. ` +
    `It is read as ${digit === null ? "none" : digit}, as the finder or your corrections outvote it.`,
  seen: "What the network sees: 28\u00a0×\u00a028 pixels, scaled and centred as in MNIST.",
  working: "Covering one patch after another…",
  forAnswer: (answer, sureness, least, where) =>
    sureness - least < 0.02
      ? `What speaks for ${answer}: no single place. Whichever patch of 5 × 5 pixels is covered, it stays ${percent(least)} sure.`
      : `What speaks for ${answer}: the darker a place, the more is lost when it is covered. ` +
        `${capital(where)} it matters most: covered, ${percent(sureness)} become ${percent(least)}.`,
  against: (second, share, most, where) =>
    most - share < 0.02
      ? `The runner-up is ${second} (${percent(share)}). It does not hang on one place: whichever is covered, it comes to ${percent(Math.max(most, share))} at most.`
      : `The runner-up is ${second} (${percent(share)}). What speaks against it is the ink ${where}: with that covered, it would be ${percent(most)}.`,
  answerOf: (digit) => (digit === null ? "“no digit”" : digit),
  story: "From pixels to an answer",
  storyLead: (digit) =>
    `Baseline is small enough to follow all the way; it takes this for ${digit === 8 ? "an" : "a"} ${digit}. Choose a map, and the ` +
    "next steps follow it. Point at a pixel, or move with the arrow keys, to see which numbers make it, and where they lie. " +
    "Blue is below zero.",
  stage: (number) => `Convolution ${number}, and what is kept of it`,
  chooseMap: (layer, before) =>
    `The maps of ${layer}, each beside its filter: nine weights` +
    `${before ? ` for each map of ${before}, here those for the map that is followed` : ""}. Choose a map:`,
  titles: { pixels: "pixels" }, // of what no layer makes
  pointable: (title) => `${title}. Arrow keys move from pixel to pixel`,
  step: (kind, map, count, height, width) =>
    `${capital(words.kinds[kind])}: ` +
    (height > 1 ? `${count > 1 ? `map ${map} of ${count}, ` : ""}${height}\u00a0×\u00a0${width}.` : `${count} numbers.`),
  pixel: (title, row, column, value) => `${title}, row ${row}, column ${column}: ${number(value)}`,
  products: (layer, input, count) => `Nine pixels of ${count > 1 ? `${layer}, map ${input},` : "the image"} × nine weights`,
  sum: (sum, others, rest, bias, total) => [
    "Their sum ", sum, ...(others ? [` + that of the ${others} other maps `, rest] : []), " + bias ", bias, " = ", total,
  ],
  relu: (value, total) => ["max(0, ", value, ") = ", total],
  four: "Four pixels",
  largest: (total) => ["The largest is ", total],
  strongest: (layer) => `Of ${layer}’s maps, these count most here; follow one:`,
  adds: (map, sum) => `map ${map}: ${sum < 0 ? "" : "+"}${number(sum)}`,
  end: "Numbers, scores and shares",
  numbers: (layer, count) => `The ${count} numbers of ${layer}`,
  scores: "The ten scores that dense2 gives, and the share that softmax makes of each",
  scoresHead: ["digit", "score", "e to the score", "share"],
  power: (value) =>
    value < 0.01 ? "<0.01" : value.toLocaleString("en", { notation: "compact", maximumSignificantDigits: 3 }),
  softmax: (digit, score, power, all, share) =>
    `Softmax takes e to the power of each score, and divides by the sum of all ten. For ${digit} that is e^${number(score)} = ` +
    `${inFull(power)}, divided by ${inFull(all)}: ${percent(share)}.`,
  number,
  layers: (network) => `All layers of “${network}”`,
  layersLead:
    "Each small picture is one channel: where in the image, and how strongly, a layer found the pattern that it learned " +
    "to look for. Blue is below zero. Tap one to see it large.",
  layer: (channels, height, width) =>
    height > 1 ? `${channels} maps of ${height} × ${width}` : `${channels} numbers`,
  kinds: {
    pixels: "what the network sees",
    conv: "slides small patterns over what comes before it",
    relu: "keeps what is above zero",
    pool: "keeps the strongest of each 2 × 2",
    average: "takes means",
    dense: "weighs everything that was found",
  },
  map: (layer, number, count) => `${layer}, map ${number} of ${count}`,
  maps: (layer, count) => `Maps of ${layer}, ${count} in all. Enlarge`,
  range: (low, high) => `Values from ${low.toPrecision(3)} to ${high.toPrecision(3)}.`,
  previous: "Previous",
  next: "Next",
  close: "Close",
  privacy:
    "What you draw stays in this browser: the networks run here. No cookies that track, no other hosts. " +
    "The pictures, words and networks are the open-source project’s own.",
  failedNetwork: "The network could not be loaded. This page needs a browser with WebAssembly; reload to try again.",
  failedReading: "The picture could not be sent. Is digits serve still running?",
  noPicture: "That is no picture.",
  notShown: "This browser cannot open the picture, or it is damaged; allowed: PNG, JPEG, WebP, AVIF, GIF or BMP.",
  largeFile: (most) => `The file is too large; allowed: up to ${most} MiB.`,
  largePicture: (most) => `The picture is too large; allowed: up to ${most} megapixels.`,
};

function marks(count) {
  return count === 1 ? "one mark was" : `${count} marks were`;
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}
