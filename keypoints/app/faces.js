// Answers of the server, {width, height, outlines, faces, overlay}; all coordinates are the picture's pixels.

const TWINS = 0.15; // of a box's side: points that lie no farther apart are of one face

/** The answer without the faces of which the detector is less sure than `threshold`. */
export function sure(said, threshold) {
  const kept = said.faces.map((face, k) => k).filter((k) => said.faces[k].score >= threshold);
  return { ...said, faces: kept.map((k) => said.faces[k]), overlay: said.overlay && kept.map((k) => said.overlay[k]) };
}

/** The answer for a picture as one for the same picture of another size. */
export function resized(said, width, height) {
  const across = width / said.width, down = height / said.height;
  const box = ([x, y, w, h]) => [x * across, y * down, w * across, h * down];
  const to = (value, factor) => round((value + 0.5) * factor - 0.5); // a pixel's centre is a whole number
  const point = ({ name, x, y }) => ({ name, x: to(x, across), y: to(y, down) });
  return {
    ...said, width, height,
    faces: said.faces.map((face) => ({ ...face, box: box(face.box).map(round), points: face.points.map(point) })),
    overlay: said.overlay?.map((worn) => ({ ...worn, box: box(worn.box) })),
  };
}

/** Both answers for one picture; where they have the same face, it is the second's. */
export function merged(said, more) {
  const old = said.faces.map((face, k) => k).filter((k) => !more.faces.some((face) => isSame(said.faces[k], face)));
  const overlay = [...old.map((k) => said.overlay?.[k]), ...(more.overlay ?? [])].filter(Boolean);
  return { ...more, faces: [...old.map((k) => said.faces[k]), ...more.faces], overlay: overlay.length ? overlay : null };
}

function isSame(face, other) {
  const apart = face.points.map(({ x, y }, k) => Math.hypot(x - other.points[k]?.x, y - other.points[k]?.y));
  return apart.reduce((sum, one) => sum + one, 0) / apart.length < TWINS * face.box[2];
}

/** In words: "2 faces, 136 points". */
export function count(said) {
  const faces = said.faces.length, points = said.faces.reduce((sum, face) => sum + face.points.length, 0);
  return faces ? `${many(faces, "face")}, ${many(points, "point")}` : "No face found";
}

export const many = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
const round = (value) => Math.round(100 * value) / 100;
