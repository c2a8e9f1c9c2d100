// The film's time: play, go to a moment, go through all of it; and which parts are known.

import { $, clamp, say } from "./dom.js";
import { film, isKnown, isMoving, lastPlace, look, onFilm, place, RATE, seek } from "./film.js";

const video = $("video");
let through = null; // the film that is gone through from place to place

const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;

function label() {
  $("film").hidden = !film() || !video.duration;
  if ($("film").hidden) return;
  const words = [video.currentTime, video.duration].map(clock).join(" / ");
  $("clock").textContent = words;
  $("time").max = lastPlace() / RATE;
  $("time").value = place() / RATE;
  $("time").setAttribute("aria-valuetext", words);
  $("play").setAttribute("aria-label", isMoving() ? "Pause" : "Play");
  $("play").classList.toggle("moving", isMoving());
  $("through").textContent = through ? "Stop" : "Find all";
}

/** A strip whose bars are as dense as what is known there. */
function paint() {
  const strip = $("known"), brush = strip.getContext("2d"), count = lastPlace() + 1, { frames } = film();
  strip.width = clamp(Math.ceil(count / 5), 1, 400);
  brush.fillStyle = getComputedStyle(strip).color;
  brush.globalAlpha = Math.min(1, strip.width / count);
  for (const at of frames.keys()) brush.fillRect(Math.floor((at / count) * strip.width), 0, 1, 1);
  strip.setAttribute("aria-label", `Points of ${frames.size} of ${count} places are known`);
}

async function goThrough() {
  const mine = (through = film());
  video.pause();
  const from = place() < lastPlace() ? place() : 0;
  for (let here = from; through && mine === film() && here <= lastPlace(); here++) {
    if (isKnown(here, false)) continue;
    await seek(here);
    while (through && mine === film() && !isKnown(here, false)) {
      await look();
      await new Promise((done) => setTimeout(done, 5)); // a former question is under way
    }
  }
  if (through === mine) {
    through = null;
    say(mine.error);
  }
  label();
}

function play() {
  through = null;
  isMoving() ? video.pause() : video.play().catch(() => {}); // another file was opened meanwhile
}

function follow() {
  if (!film()) return;
  label();
  look();
  if (isMoving()) video.requestVideoFrameCallback(follow);
}

onFilm((failed) => {
  if (failed || !film()) through = null;
  label();
  if (!$("film").hidden) paint();
});
for (const event of ["play", "pause", "ended", "seeked"]) video.addEventListener(event, follow);
$("play").addEventListener("click", play);
$("marks").addEventListener("keydown", (event) => {
  if (event.key !== " " || !film()) return;
  event.preventDefault();
  play();
});
$("time").addEventListener("input", ({ target }) => {
  through = null;
  seek(Math.min(Math.round(target.value * RATE), lastPlace()));
});
$("through").addEventListener("click", () => (through ? (through = null) : goThrough()));
