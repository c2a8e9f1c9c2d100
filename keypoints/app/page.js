"use strict";
// Sends pictures to /api/faces and draws what comes back; all coordinates are the picture's pixels.

const $ = (id) => document.getElementById(id);
const svg = (name, attributes) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

const CAMERA_WIDTH = 640; // pixels of a frame that is sent
const CAMERA_PAUSE = 80; // ms between an answer and the next frame
const REACH = 16; // screen pixels from the pointer to a point that it names

let options = { max_bytes: Infinity };
let source = null; // the picture's bytes and name: {blob, name}
let answer = null; // what the server said of it
let asking = null; // AbortController of the request under way
let stream = null; // the camera's
let size = [1, 1]; // of what is shown
let spots = []; // every point that is drawn: {name, x, y, mark}
let current = -1; // the one whose name is shown

const chosen = (group) => document.querySelector(`#${group} input:checked`)?.value ?? "";
const shows = (what) => document.querySelector(`#shown input[value=${what}]`).checked;

function say(words) {
  $("error").textContent = words;
  $("error").hidden = !words;
}

async function ask(blob) {
  asking?.abort();
  const mine = (asking = new AbortController());
  const query = new URLSearchParams({ part: chosen("parts"), overlay: chosen("overlays") });
  let response;
  try {
    response = await fetch(`api/faces?${query}`, { method: "POST", body: blob, signal: mine.signal });
  } catch (error) {
    if (error.name === "AbortError") return null;
    throw new Error("The server does not answer: is it still running?");
  }
  const said = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(said.error ?? `The server could not do this (${response.status}).`);
  return mine === asking ? said : null;
}

// ---- a picture

async function open(blob, name) {
  stopCamera();
  if (blob.size > options.max_bytes) return say(`This file is larger than ${options.max_bytes >> 20} MB`);
  source = { blob, name: name.replace(/\.[^.]*$/, "") || "picture" };
  await look();
}

async function look() {
  if (stream || !source) return;
  const mine = source;
  say("");
  $("busy").hidden = false;
  const start = performance.now();
  try {
    const said = await ask(mine.blob);
    if (!said || mine !== source) return;
    await show(mine.blob);
    answer = said;
    size = [said.width, said.height];
    draw();
    report(said, performance.now() - start);
  } catch (error) {
    if (mine !== source) return;
    source = answer = null;
    showStage(null);
    say(error.message);
    $("status").textContent = "No picture yet.";
  } finally {
    if (mine === source || !source) $("busy").hidden = true;
    savable();
  }
}

async function show(blob) {
  if ($("picture").blob !== blob) {
    URL.revokeObjectURL($("picture").src);
    $("picture").src = URL.createObjectURL(blob);
    $("picture").blob = blob;
    await $("picture").decode().catch(() => {
      throw new Error("This browser cannot show such a picture; JPEG, PNG and WebP work everywhere.");
    });
  }
  showStage("picture");
}

function showStage(what) {
  $("empty").hidden = what !== null;
  $("view").hidden = what === null;
  $("picture").hidden = what !== "picture";
  $("video").hidden = what !== "video";
  $("view").classList.toggle("mirror", what === "video");
}

function report(said, ms) {
  const count = said.faces.length;
  const points = said.faces.reduce((sum, face) => sum + face.points.length, 0);
  const found = count ? `${count} face${count > 1 ? "s" : ""}, ${points} point${points > 1 ? "s" : ""}` : "No face found";
  $("status").textContent = `${found} · ${said.width} × ${said.height} · ${Math.round(ms)} ms`;
}

const savable = () => ["json", "png"].forEach((id) => ($(id).disabled = !answer || Boolean(stream)));

// ---- what is drawn over it

function fit() {
  const stage = $("stage");
  const style = getComputedStyle(stage);
  const width = stage.clientWidth - 2 * parseFloat(style.paddingLeft);
  const narrow = matchMedia("(max-width: 780px)").matches; // there the page scrolls
  const height = narrow ? 0.7 * innerHeight : stage.clientHeight - 2 * parseFloat(style.paddingTop);
  const scale = Math.min(width / size[0], height / size[1], Math.max(1, 560 / Math.max(...size)));
  $("view").style.width = `${size[0] * scale}px`;
  $("view").style.height = `${size[1] * scale}px`;
}

function draw() {
  point(-1);
  fit();
  spots = [];
  const marks = $("marks");
  // A pixel's centre is a whole number, so the picture begins half a pixel before.
  marks.setAttribute("viewBox", `-0.5 -0.5 ${size[0]} ${size[1]}`);
  marks.replaceChildren();
  for (const { box, image } of answer.overlay ?? []) {
    if (!(box[2] * box[3])) continue;
    marks.append(svg("image", { ...rect(box), href: image, preserveAspectRatio: "none" }));
  }
  for (const face of answer.faces) {
    if (shows("boxes")) marks.append(svg("rect", { ...rect(face.box), rx: face.box[2] / 30, class: "box" }));
    if (shows("lines")) for (const d of lines(face)) marks.append(svg("path", { d, class: "line" }));
    if (!shows("points")) continue;
    for (const { name, x, y } of face.points) {
      const mark = svg("path", { d: `M${x} ${y}h.001`, class: "point", "data-name": name });
      marks.append(mark);
      spots.push({ name, x, y, mark });
    }
  }
}

const rect = ([x, y, width, height]) => ({ x: x - 0.5, y: y - 0.5, width, height });
const lines = (face) =>
  answer.outlines.map((run) => "M" + run.map((k) => `${face.points[k].x} ${face.points[k].y}`).join("L"));

function point(k) {
  spots[current]?.mark.classList.remove("at");
  current = k;
  const spot = spots[k];
  $("tip").hidden = !spot;
  if (!spot) return;
  spot.mark.classList.add("at");
  const across = (spot.x + 0.5) / size[0];
  $("tip").textContent = spot.name;
  $("tip").style.left = `${100 * (stream ? 1 - across : across)}%`;
  $("tip").style.top = `${(100 * (spot.y + 0.5)) / size[1]}%`;
}

$("marks").addEventListener("pointermove", (event) => {
  const frame = $("marks").getBoundingClientRect();
  const scale = frame.width / size[0];
  const across = stream ? frame.right - event.clientX : event.clientX - frame.left;
  const x = across / scale - 0.5, y = (event.clientY - frame.top) / scale - 0.5;
  let best = -1, least = REACH / scale;
  spots.forEach((spot, k) => {
    const distance = Math.hypot(spot.x - x, spot.y - y);
    if (distance < least) [best, least] = [k, distance];
  });
  if (best !== current) point(best);
});
$("marks").addEventListener("pointerleave", () => point(-1));
$("marks").addEventListener("blur", () => point(-1));
$("marks").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step || !spots.length) return;
  event.preventDefault();
  point(current < 0 && step < 0 ? spots.length - 1 : (current + step + spots.length) % spots.length);
});
new ResizeObserver(fit).observe($("stage"));

// ---- the camera

async function startCamera() {
  say("");
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 } } });
  } catch (error) {
    return say(error.name === "NotAllowedError" ? "The browser was not allowed to use the camera." : "There is no camera that can be used.");
  }
  asking?.abort();
  source = answer = null;
  $("busy").hidden = true;
  $("camera").setAttribute("aria-pressed", "true");
  $("video").srcObject = stream;
  await $("video").play();
  savable();
  const mine = stream;
  while (stream === mine) await frame(mine);
}

async function frame(mine) {
  const video = $("video");
  const start = performance.now();
  const scale = Math.min(1, CAMERA_WIDTH / video.videoWidth);
  const canvas = Object.assign(document.createElement("canvas"), {
    width: Math.round(video.videoWidth * scale), height: Math.round(video.videoHeight * scale),
  });
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
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

function stopCamera() {
  if (!stream) return;
  stream.getTracks().forEach((track) => track.stop());
  stream = answer = null;
  asking?.abort();
  $("video").srcObject = null;
  $("camera").setAttribute("aria-pressed", "false");
  $("status").textContent = "No picture yet.";
  spots = [];
  showStage(null);
  savable();
}

// ---- saving

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

$("json").addEventListener("click", () => {
  const { overlay, ...said } = answer;
  save(new Blob([JSON.stringify(said, null, 1)], { type: "application/json" }), `${source.name}.json`);
});

$("png").addEventListener("click", async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: size[0], height: size[1] });
  const paint = canvas.getContext("2d");
  paint.drawImage($("picture"), 0, 0, ...size);
  paint.translate(0.5, 0.5);
  for (const { box, image } of answer.overlay ?? []) {
    if (!(box[2] * box[3])) continue;
    const worn = Object.assign(new Image(), { src: image });
    await worn.decode();
    paint.drawImage(worn, box[0] - 0.5, box[1] - 0.5, box[2], box[3]);
  }
  for (const face of answer.faces) {
    const unit = Math.max(0.5, face.box[2] / 200);
    paint.lineWidth = unit;
    paint.strokeStyle = "#fff";
    if (shows("boxes")) paint.strokeRect(face.box[0] - 0.5, face.box[1] - 0.5, face.box[2], face.box[3]);
    paint.strokeStyle = "#00e0a0";
    if (shows("lines")) for (const d of lines(face)) paint.stroke(new Path2D(d));
    paint.fillStyle = "#fff";
    paint.strokeStyle = "#000a";
    paint.lineWidth = unit / 2;
    if (!shows("points")) continue;
    for (const { x, y } of face.points) {
      const disc = new Path2D();
      disc.arc(x, y, 1.6 * unit, 0, 7);
      paint.fill(disc);
      paint.stroke(disc);
    }
  }
  canvas.toBlob((blob) => save(blob, `${source.name}_points.png`), "image/png");
});

// ---- ways in

$("open").addEventListener("click", () => $("file").click());
$("camera").addEventListener("click", () => (stream ? stopCamera() : startCamera()));
$("file").addEventListener("change", ({ target }) => {
  if (target.files[0]) open(target.files[0], target.files[0].name);
  target.value = ""; // the same file may be chosen again
});
document.addEventListener("paste", ({ clipboardData }) => {
  if (clipboardData.files[0]) open(clipboardData.files[0], "pasted");
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  $("stage").classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) $("stage").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("stage").classList.remove("over");
  const [file] = event.dataTransfer.files;
  file ? open(file, file.name) : say("That was no file: drop a picture from a folder.");
});

function choices(group, entries) {
  for (const [value, text] of entries) {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name: group, value });
    input.checked = value === entries[0][0];
    const span = Object.assign(document.createElement("span"), { textContent: text });
    label.append(input, span);
    $(group).append(label);
  }
}

$("parts").addEventListener("change", () => {
  const nose = chosen("parts") === "nose"; // one point does not say how a face is turned
  if (nose) document.querySelector("#overlays input").checked = true;
  $("overlays").disabled = nose;
  look();
});
$("overlays").addEventListener("change", look);
$("shown").addEventListener("change", () => answer && draw());

fetch("api/options")
  .then((response) => response.json())
  .then((said) => {
    options = said;
    choices("parts", Object.entries(said.parts));
    choices("overlays", [["", "None"], ...said.overlays.map((name) => [name, name[0].toUpperCase() + name.slice(1)])]);
  })
  .catch(() => say("The server does not answer: is it still running?"));
