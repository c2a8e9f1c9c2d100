// The page: ways in, and what is on the stage.

import { put, redraw } from "./stage.js";
import { learnOptions } from "./api.js";
import { isLive, startCamera, stopCamera, takePicture } from "./camera.js";
import { $, say } from "./dom.js";
import { filesIn } from "./folders.js";
import { askAgain, closeFilm, lookInBox, onFilm, openFilm } from "./film.js";
import "./gestures.js";
import { onBox } from "./handbox.js";
import { again, fill, MOST, lookAgain, queue, watch } from "./queue.js";
import * as saving from "./saving.js";
import { offer } from "./settings.js";
import * as strip from "./strip.js";
import "./timeline.js";
import { reset, show } from "./view.js";

let loaded = { blob: null, size: null }; // the picture on the stage, and a promise of its size: null if none

// ---- what is on the stage

function open(files) {
  if (!files.length) return;
  if (files.length > MOST) return say(`${files.length} files are more than ${MOST}: choose fewer.`);
  stopCamera();
  say("");
  fill([...files]);
  strip.layOut();
  choose(queue.current);
}

/** Show another file of the queue. One that failed is asked about again: the server may have been away. */
function choose(item) {
  queue.current = item;
  say("");
  closeFilm();
  reset();
  put(null);
  strip.label();
  saving.label();
  if (item.isFilm) openFilm(item);
  else item.state === "failed" ? lookAgain(item) : present(item);
}

/** Show what is known of a picture. */
async function present(item) {
  $("busy").hidden = item.state !== "waiting" && item.state !== "asking";
  $("unbox").hidden = !item.boxes.length;
  const size = await load(item.blob);
  if (item !== queue.current || isLive()) return;
  const { said, error, ms } = item;
  const unseen = said && "This browser cannot show such a picture; JPEG, PNG and WebP work everywhere.";
  say(error || (!size && unseen) || "");
  show(size && "picture", said && size ? [said.width, said.height] : (size ?? undefined));
  put(said, said ? `${Math.round(ms)}\u00a0ms` : error ? "No picture yet." : "");
  saving.label();
}

function load(blob) {
  const picture = $("picture");
  if (loaded.blob !== blob) {
    URL.revokeObjectURL(picture.src);
    picture.src = URL.createObjectURL(blob);
    const size = picture.decode().then(() => [picture.naturalWidth, picture.naturalHeight], () => null);
    loaded = { blob, size };
  }
  return loaded.size;
}

watch((item) => {
  strip.label();
  saving.label();
  if (item && item === queue.current && !item.isFilm) present(item);
});
strip.onChoice(choose);
onFilm(saving.label);
onBox((box) => {
  const item = queue.current;
  if (!item) return; // the browser still asks about the camera
  if (item.isFilm) return lookInBox(box).catch(({ name, message }) => name === "AbortError" || say(message));
  item.boxes.push(box);
  lookAgain(item);
});
$("unbox").addEventListener("click", () => {
  queue.current.boxes = [];
  lookAgain(queue.current);
  $("marks").focus();
});

// ---- ways in

const live = async () => {
  fill([]);
  strip.layOut();
  closeFilm();
  $("busy").hidden = true;
  $("unbox").hidden = true;
  await startCamera();
};

$("open").addEventListener("click", () => $("file").click());
$("camera").addEventListener("click", async () => (isLive() ? open([await takePicture()]) : live()));
$("file").addEventListener("change", ({ target }) => {
  open([...target.files]);
  target.value = ""; // the same file may be chosen again
});
document.addEventListener("paste", ({ clipboardData }) => open(clipboardData.files));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  $("stage").classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) $("stage").classList.remove("over");
});
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  $("stage").classList.remove("over");
  const files = await filesIn(event.dataTransfer);
  files.length ? open(files) : say("That was no file: drop pictures, or a folder of them.");
});

learnOptions()
  .then((options) => offer(options, () => (again(), askAgain()), () => (redraw(), strip.label())))
  .catch(() => say("The server does not answer: is it still running?"));
