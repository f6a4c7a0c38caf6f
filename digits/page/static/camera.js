// A computer's camera: a live picture in a dialog, and a shutter. Phones have better ones, which the picker of files opens.

import { fail } from "./answer.js";
import { words } from "./words.js";

const byId = (id) => document.getElementById(id);
const WANTED = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
const [dialog, video, shutter] = ["live", "video", "shutter"].map(byId);

/** Let a photograph be taken where there is a camera; calls `take(picture)`, a Blob, for each. */
export function offerCamera(take) {
  byId("take").onclick = show;
  byId("close-live").onclick = () => dialog.close();
  dialog.onclose = stop;
  video.onloadeddata = () => (shutter.disabled = false);
  shutter.onclick = async () => {
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    canvas.getContext("2d").drawImage(video, 0, 0);
    dialog.close();
    take(await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 }));
  };
  navigator.mediaDevices?.addEventListener("devicechange", find);
  find();
}

/** Offer what there is: a page that is not served over HTTPS, or to another machine, is told of no camera. */
async function find() {
  const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  byId("take").hidden = !devices.some(({ kind }) => kind === "videoinput");
}

async function show() {
  fail();
  byId("take").disabled = shutter.disabled = true;
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: WANTED });
    for (const track of video.srcObject.getTracks()) track.onended = lose;
    dialog.showModal();
  } catch ({ name }) {
    fail(name === "NotAllowedError" ? words.cameraRefused : words.cameraFailed);
  }
  byId("take").disabled = false;
}

function stop() {
  for (const track of video.srcObject.getTracks()) track.stop();
  video.srcObject = null;
}

/** The camera was unplugged. */
function lose() {
  dialog.close();
  fail(words.cameraFailed);
}
