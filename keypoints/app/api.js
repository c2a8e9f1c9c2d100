// Asks the server. Pictures go to it as they are, and nowhere else.

const BUSY = 429; // the server has as many pictures as it takes
const PATIENCE = 400; // ms until a picture that was too many is sent again; each time twice as long
const TRIES = 6;
const OF_THIS = [413, 422, 500]; // answers to one picture; the next may do better

export const options = { max_bytes: Infinity };

export async function learnOptions() {
  return Object.assign(options, await (await fetch("api/options")).json());
}

/**
 * What the server says of a picture (a Blob). Throws an Error in words, or the AbortError of `signal`; an Error is
 * `refused` where it is about this picture alone.
 */
export async function ask(blob, query, signal) {
  if (blob.size > options.max_bytes) throw new Error(`This file is larger than ${options.max_bytes >> 20} MB`);
  for (let trial = 1; ; trial++) {
    const response = await post(blob, query, signal);
    const said = await response.json().catch(() => ({}));
    if (response.ok) return said;
    if (response.status !== BUSY || trial === TRIES) {
      const error = new Error(said.error ?? `The server could not do this (${response.status}).`);
      throw Object.assign(error, { refused: OF_THIS.includes(response.status) });
    }
    await pause(PATIENCE * 2 ** trial * (0.5 + Math.random()), signal);
  }
}

async function post(blob, query, signal) {
  try {
    return await fetch(`api/faces?${query}`, { method: "POST", body: blob, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server does not answer: is it still running?");
  }
}

const pause = (ms, signal) =>
  new Promise((done, fail) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), fail(signal.reason)));
  });
