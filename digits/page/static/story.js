// Baseline's story: from the pixels through its eight layers to ten scores, and the share of each.

import { indexOfMost } from "./covered.js";
import { compute } from "./network.js";
import { scores, showScores } from "./scores.js";
import { settings } from "./settings.js";
import { PIXELS, Stage } from "./stage.js";
import { words } from "./words.js";

const NETWORK = "baseline";

const byId = (id) => document.getElementById(id);
let values = null; // of Baseline's layers and weights by name, for one image

const showStages = () => stages.forEach((stage) => stage.show(values));
const first = new Stage(1, null, showStages);
const stages = [first, new Stage(2, first, showStages)];

/** Show the story of an image, 28 × 28. */
export async function showStory(image) {
  const { layers, weights, pixel_range: [low, high] } = settings.networks[NETWORK];
  const found = await compute("inside", { network: NETWORK, image, names: [...layers, ...weights, "logits"] });
  const isFirst = !values;
  const pixels = Float32Array.from(image, (value) => low + ((high - low) * value) / 255);
  values = { ...found, [PIXELS]: { shape: [1, 1, 28, 28], data: pixels } };
  if (isFirst) {
    for (const stage of stages) stage.begin(values);
    byId("story").append(...stages.map(({ made }) => made), scores);
  }
  byId("story-lead").textContent = words.storyLead(indexOfMost(found.logits.data));
  showStages();
  showScores(values);
}
