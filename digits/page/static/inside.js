// Look inside: what the network sees, which places spoke for its answer, Baseline's story, and the network's layers.

import { drawImage } from "./answer.js";
import { beginPlaces, indexOfMost, showPlaces } from "./covered.js";
import { showLayers } from "./layers.js";
import { compute } from "./network.js";
import { showStory } from "./story.js";
import { words } from "./words.js";

const byId = (id) => document.getElementById(id);
let asked = 0; // the last time that something was asked to be shown

/** Show how `network` comes to its answer about a digit, or nothing for null. */
export async function lookInside(one, network) {
  const own = ++asked;
  const isNew = () => own === asked;
  byId("inside-content").hidden = !one;
  byId("inside-lead").textContent = one ? words.insideLead(one.digit, words.networks[network]) : words.insideEmpty;
  if (!one) return;
  drawImage(byId("seen"), one.image);
  byId("seen").setAttribute("aria-label", words.seen);
  beginPlaces(one.image);
  await showStory(one.image);
  if (!isNew()) return;
  showLayers(network, one.image);
  const [answer] = await compute("classify", { network, images: [one.image] });
  if (!isNew()) return;
  const alone = { ...one, probabilities: answer.probabilities, digit: digitOf(answer) };
  if (alone.digit !== one.digit) byId("inside-lead").textContent = words.insideAlone(one.digit, alone.digit, words.networks[network]);
  await showPlaces(alone, answer, network, isNew);
}

/** The digit that a network calls an image, null for none. */
function digitOf({ probabilities, doubt }) {
  return doubt > 0.5 ? null : indexOfMost(probabilities);
}
