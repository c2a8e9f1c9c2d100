"use strict";
// Live points: one frame at a time is sent, and the next when its answer has come.

const CAMERA_WIDTH = 640; // pixels of a frame that is sent
const CAMERA_PAUSE = 80; // ms between an answer and the next frame

async function startCamera() {
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
  asking?.abort();
  stream = mine;
  source = answer = null;
  $("busy").hidden = true;
  $("camera").textContent = "Take picture";
  $("video").srcObject = mine;
  savable();
  await $("video").play().catch(() => {}); // another picture was opened meanwhile
  while (stream === mine) await frame(mine);
}

async function frame(mine) {
  const start = performance.now();
  const blob = await still(Math.min(1, CAMERA_WIDTH / $("video").videoWidth));
  if (stream !== mine) return; // a picture was taken or opened meanwhile: its request is the one under way
  try {
    const said = await ask(blob);
    if (said && stream === mine) {
      const named = current;
      answer = said;
      size = [said.width, said.height];
      showStage("video");
      draw();
      point(named);
      report(said, performance.now() - start);
      say("");
    }
  } catch (error) {
    if (stream === mine) { stopCamera(); say(error.message); }
  }
  await new Promise((done) => setTimeout(done, document.hidden ? 1000 : CAMERA_PAUSE));
}

function still(scale) {
  const video = $("video");
  const width = Math.round(video.videoWidth * scale), height = Math.round(video.videoHeight * scale);
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").drawImage(video, 0, 0, width, height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
}

async function takePicture() {
  open(await still(1), "camera");
}

function stopCamera() {
  if (!stream) return;
  stream.getTracks().forEach((track) => track.stop());
  stream = null;
  asking?.abort();
  $("video").srcObject = null;
  $("camera").textContent = "Camera";
  clear();
  savable();
}
