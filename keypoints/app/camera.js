// Live points: one frame at a time is with the server, and the next is made ready meanwhile.

import { put } from "./stage.js";
import { ask } from "./api.js";
import { $, say } from "./dom.js";
import { resized } from "./faces.js";
import { queue } from "./queue.js";
import { query } from "./settings.js";
import { LIVE, nextFrame, still, videoSize } from "./still.js";
import { show } from "./view.js";

const MEAN = 0.1; // how much the last frame counts in the frames per second

let stream = null;
let control = null;

export const isLive = () => Boolean(stream);

/** Show the camera with its points until `stopCamera`. Errors are shown in words. */
export async function startCamera() {
  say("");
  $("camera").disabled = true; // until the person has answered the browser's question
  let mine;
  try {
    mine = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 } } });
  } catch (error) {
    const refused = error.name === "NotAllowedError";
    return say(refused ? "The browser was not allowed to use the camera." : "There is no camera that can be used.");
  } finally {
    $("camera").disabled = false;
  }
  if (queue.items.length) return end(mine); // files were opened meanwhile
  stream = mine;
  control = new AbortController();
  $("camera").textContent = "Take picture";
  $("video").srcObject = mine;
  await $("video").play().catch(() => {}); // another picture was opened meanwhile
  if (stream === mine) await run(mine).catch((error) => stream === mine && (stopCamera(), say(error.message)));
}

const end = (stream) => stream.getTracks().forEach((track) => track.stop());

async function run(mine) {
  const size = videoSize(), fresh = () => nextFrame().then(() => stream === mine && still(LIVE));
  $("draw").disabled = true;
  $("status").ariaLive = "off"; // it changes with every frame
  show("video", size, true);
  put(null, "Looking for faces");
  let next = fresh(), last = performance.now(), span = 0;
  while (stream === mine) {
    const blob = await next;
    if (stream !== mine) return;
    const asked = ask(blob, query({ fast: true }), control.signal);
    next = fresh();
    const said = await asked;
    if (stream !== mine) return;
    const now = performance.now();
    span = span ? (1 - MEAN) * span + MEAN * (now - last) : now - last;
    last = now;
    put(resized(said, ...size), `${Math.round(1000 / span)} per second`);
    say("");
  }
}

/** The frame that is shown, as a file. */
export const takePicture = async () => new File([await still()], "camera.jpg", { type: "image/jpeg" });

export function stopCamera() {
  if (!stream) return;
  end(stream);
  stream = null;
  control.abort();
  $("video").srcObject = null;
  $("camera").textContent = "Camera";
  $("draw").disabled = false;
  $("status").ariaLive = "polite";
  put(null, "No picture yet.");
  show(null);
}
