// Faces as text, in the form that the command `keypoints` gives them.

import { sure } from "./faces.js";
import { threshold } from "./settings.js";

/** The faces above the threshold of an item: [{file, time?, ...face}]; a film's in the order of their time. */
export function records({ name: file, isFilm, frames, said }) {
  const known = isFilm ? [...frames].sort(([a], [b]) => a - b).map(([, frame]) => frame) : said ? [{ said }] : [];
  return known.flatMap(({ time, said }) =>
    sure(said, threshold()).faces.map((face) => ({ file, ...(isFilm && { time }), ...face })),
  );
}

/** One JSON object per line. */
export const toLines = (records) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

/** A table with one line per face; what no face has, as the time, is no column. */
export function toTable(records) {
  const cells = records.map(cellsOf);
  const columns = [...new Set(cells.flatMap((face) => Object.keys(face)))];
  const rows = cells.map((face) => columns.map((column) => face[column] ?? ""));
  return [columns, ...rows].map((row) => `${row.map(quoted).join(",")}\n`).join("");
}

/** File, time of a film's, box, score, x and y of every point, then what follows from the points. */
function cellsOf({ file, time, box: [left, top, width, height], score, points, ...more }) {
  const { pose, eyes, mouth, blink, confidence, confidences } = more;
  const known = Object.entries({ ...pose, eye_left: eyes?.left, eye_right: eyes?.right, mouth, blink, confidence });
  return Object.fromEntries([
    ["file", file], ...(time === undefined ? [] : [["time", time]]),
    ...Object.entries({ left, top, width, height, score }),
    ...points.flatMap(({ name, x, y }) => [[`${name}_x`, x], [`${name}_y`, y]]),
    ...known.filter(([, value]) => value !== undefined).map(([name, value]) => [name, Number(value)]),
    ...(confidences ?? []).map((value, k) => [`${points[k].name}_confidence`, value]),
  ]);
}

const quoted = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
