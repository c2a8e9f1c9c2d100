// A film that the browser plays: the frames that are shown are sent, and their points are kept by time.

import { put, seen } from "./stage.js";
import { ask } from "./api.js";
import { $, clamp, say } from "./dom.js";
import { many, merged, resized } from "./faces.js";
import { query } from "./settings.js";
import { LIVE, still, videoSize } from "./still.js";
import { show } from "./view.js";

export const RATE = 25; // places a second, at which points are kept
const LASTING = 6; // places that points stay in sight while the film plays on, at least
const LONGEST = 1280; // pixels of a frame that is sent while the film stands still

const video = $("video");
let item = null; // of the queue
let control = null; // of the questions about it
let asking = false;
let lag = 0; // places that a playing film goes on until the answer comes
const listeners = [];

/** `told` is called when a film was opened or closed, or more of it is known or seen; with true when asking failed. */
export const onFilm = (told) => listeners.push(told);
const tell = (failed = false) => listeners.forEach((told) => told(failed));

export const film = () => item;
export const isMoving = () => !video.paused && !video.ended;
export const lastPlace = () => Math.max(0, Math.ceil(video.duration * RATE) - 1);
export const place = () => clamp(Math.floor(video.currentTime * RATE + 1e-6), 0, lastPlace());

export function openFilm(opened) {
  closeFilm();
  item = opened;
  control = new AbortController();
  video.src = URL.createObjectURL(item.blob);
  put(null, "Opening the film");
}

export function closeFilm() {
  if (!item) return;
  item = null;
  control.abort();
  video.pause();
  URL.revokeObjectURL(video.src);
  video.removeAttribute("src");
  video.load();
  tell();
}

/** Ask about this frame with the settings of now; the queue has forgotten the others. */
export function askAgain() {
  if (!item) return;
  control.abort();
  control = new AbortController();
  tell();
  look();
}

/** Whether nothing is left to ask about a place: where the film stands still, a live look is not enough. */
export function isKnown(here, moving) {
  const frame = item.frames.get(here);
  return item.refused.has(here) || Boolean(frame && (moving || !frame.live));
}

/** Show the points of this frame, and ask for them where they are not known. */
export async function look() {
  if (!item || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
  const mine = item, here = place(), moving = isMoving();
  present(here, moving);
  if (asking || isKnown(here, moving)) return;
  asking = true;
  const failed = await question(mine, here, moving, control.signal);
  asking = false;
  if (!isMoving() && !(failed && here === place())) await look(); // the person may have gone on meanwhile
}

/** Ask about a frame and keep the answer, or why there is none. True where nobody answered: it stays unknown. */
async function question(mine, here, moving, signal) {
  const time = now(), start = performance.now();
  try {
    const said = await ask(await still(moving ? LIVE : LONGEST), query({ fast: moving }), signal);
    if (moving) lag = Math.ceil(((performance.now() - start) / 1000) * RATE);
    say("");
    keep(mine, here, { time, said: resized(said, ...videoSize()), live: moving });
  } catch (error) {
    if (signal.aborted) return;
    if (error.refused) return refuse(mine, here, error.message);
    video.pause();
    if (!item.frames.has(place())) put(null);
    say(error.message);
    tell(true);
    return true;
  }
}

/** Also find the face in a box of this frame. Throws as `ask` does. */
export async function lookInBox(box) {
  video.pause();
  const mine = item, here = place(), time = now(), { signal } = control;
  const more = await ask(await still(), query({ boxes: [box] }), signal);
  const known = mine.frames.get(here)?.said ?? { ...more, faces: [], overlay: null };
  keep(mine, here, { time, said: merged(known, more), live: false });
}

/** Go on without this frame. */
function refuse(mine, here, words) {
  mine.refused.set(here, words);
  mine.error = `${many(mine.refused.size, "frame")} left out: ${words}`;
  say(mine.error);
  present(place(), isMoving());
}

const now = () => Math.round(video.currentTime * 1000) / 1000;

function keep(mine, here, frame) {
  mine.frames.set(here, frame);
  if (mine !== item) return;
  present(place(), isMoving());
  tell();
}

/** Draw what is known of this frame; while the film plays, also of one before, until the next answer is due. */
function present(here, moving) {
  const lasting = moving ? Math.max(LASTING, 2 * lag) : 0; // an answer is `lag` old when it comes
  let known = here;
  while (!item.frames.has(known) && known > 0 && here - known < lasting) known--;
  const frame = item.frames.get(known), before = seen();
  put(frame?.said ?? null, frame ? "" : (item.refused.get(here) ?? "Looking for faces"));
  if (!frame !== !before) tell();
}

/** Go to a place: its middle, where no rounding leads to another. */
export const seek = (here) =>
  new Promise((done) => {
    video.addEventListener("seeked", done, { once: true });
    video.currentTime = Math.min((here + 0.5) / RATE, video.duration);
  });

/** Recordings that browsers make do not say how long they are; their end does. */
const measure = () =>
  new Promise((done) => {
    video.addEventListener("durationchange", done, { once: true });
    video.currentTime = 1e9;
  });

video.addEventListener("loadeddata", async () => {
  const mine = item;
  if (mine && video.duration === Infinity) await measure();
  if (!item || mine !== item) return;
  show("video", videoSize());
  tell();
  seek(0); // before, the first frame may be black
});

video.addEventListener("error", () => {
  if (!item) return;
  const { name } = item;
  put(null, "No picture yet.");
  show(null);
  closeFilm();
  say(`This browser cannot play ${name}; the command works on it: keypoints --video "${name}"`);
});
