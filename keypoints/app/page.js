"use strict";
// Sends pictures to /api/faces and shows what comes back; all coordinates are the picture's pixels.
// marks.js draws over the picture, camera.js and saving.js do what they are called.

const $ = (id) => document.getElementById(id);

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
  answer = null;
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
    say(error.message);
    if (!answer) clear(); // else it was another model or overlay that failed: the picture stays
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

function clear() {
  source = answer = null;
  spots = [];
  $("status").textContent = "No picture yet.";
  showStage(null);
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
  $("status").textContent = `${found} · ${said.width} × ${said.height} · ${Math.round(ms)}\u00a0ms`;
}

const savable = () => ["json", "png"].forEach((id) => ($(id).disabled = !answer || Boolean(stream)));

// ---- ways in

$("open").addEventListener("click", () => $("file").click());
$("camera").addEventListener("click", () => (stream ? takePicture() : startCamera()));
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
