// Faces as text, in the form that the command `keypoints` gives them.

import { sure } from "./faces.js";
import { threshold } from "./settings.js";

/** The faces above the threshold of an item: [{file, time?, ...face}]; a film's in the order of their time. */
export function records({ name: file, isFilm, frames, said }) {
  const known = isFilm ? [...frames].sort(([a], [b]) => a - b).map(([, frame]) => frame).filter(({ said }) => said) : said ? [{ said }] : [];
  return known.flatMap(({ time, said }) =>
    sure(said, threshold()).faces.map((face) => ({ file, ...(isFilm && { time }), ...face })),
  );
}

/** One JSON object per line. */
export const toLines = (records) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

/** A table with one line per face: file, time of a film's, box, score, then x and y of every point. */
export function toTable(records) {
  const [first] = records;
  if (!first) return "";
  const timed = records.some(({ time }) => time !== undefined);
  const points = first.points.flatMap(({ name }) => [`${name}_x`, `${name}_y`]);
  const head = ["file", ...(timed ? ["time"] : []), "left", "top", "width", "height", "score", ...points];
  const rows = records.map(({ file, time, box, score, points }) =>
    [file, ...(timed ? [time ?? ""] : []), ...box, score, ...points.flatMap(({ x, y }) => [x, y])]);
  return [head, ...rows].map((row) => `${row.map(quoted).join(",")}\n`).join("");
}

const quoted = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
