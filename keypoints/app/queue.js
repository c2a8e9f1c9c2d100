// The files that were opened, and the questions about them: a few at once, the one that is looked at first.

import { ask } from "./api.js";
import { merged } from "./faces.js";
import { query } from "./settings.js";

export const MOST = 1000; // files
const AT_ONCE = 2; // one that the server works on, and one that travels
const FILMS = /\.(mp4|m4v|mov|webm|mkv|avi|ogv|mpe?g)$/i; // browsers do not know the type of all

// Items are {name, blob, isFilm, state, said, error, ms, boxes, frames, refused}; a state is "waiting", "asking", "done",
// "failed" or, of a film, "film"; `boxes` are drawn by hand, `frames` are a film's, `refused` the words of those that
// the server does not take.
export const queue = { items: [], current: null };

let round = null; // of questions with the same settings
let changed = () => {};

/** `told` is called with each item that has changed. */
export const watch = (told) => (changed = told);

export const isBusy = () => queue.items.some(({ state }) => state === "waiting" || state === "asking");

/** Take these files in the place of the former. */
export function fill(files) {
  queue.items = files.map((blob) => {
    const isFilm = blob.type.startsWith("video/") || FILMS.test(blob.name);
    const known = { said: null, error: "", boxes: [], frames: new Map(), refused: new Map() };
    return { name: blob.name, blob, isFilm, state: isFilm ? "film" : "waiting", ...known };
  });
  queue.current = queue.items[0] ?? null;
  again();
}

/** Ask about all of them, with the settings of now. What is known stays until the answer comes. */
export function again() {
  round?.control.abort();
  round = { control: new AbortController(), running: 0 };
  for (const item of queue.items) item.isFilm ? forget(item) : (item.state = "waiting");
  work();
}

function forget(film) {
  film.frames.clear();
  film.refused.clear();
  film.error = "";
}

/** Ask about one more time: its boxes have changed, or it failed. */
export function lookAgain(item) {
  item.state = "waiting";
  work();
}

function work() {
  changed(queue.current);
  while (round.running < AT_ONCE && next()) run(round);
}

async function run(mine) {
  mine.running++;
  for (let item; mine === round && (item = next()); ) await look(item, mine.control.signal);
  mine.running--;
}

const next = () => [queue.current, ...queue.items].find((item) => item?.state === "waiting");

async function look(item, signal) {
  item.state = "asking";
  changed(item);
  const start = performance.now();
  try {
    let said = await ask(item.blob, query(), signal);
    if (item.boxes.length) said = merged(said, await ask(item.blob, query({ boxes: item.boxes }), signal));
    Object.assign(item, { said, error: "", state: "done", ms: performance.now() - start });
  } catch (error) {
    if (signal.aborted) return;
    Object.assign(item, { error: error.message, state: "failed" });
  }
  if (!signal.aborted) changed(item);
}
