// How a head is turned: yaw to the picture's right, pitch down, roll clockwise, degrees.

const LONG = 0.5; // of the face's width
const HEAD = { side: [1, 0, 0], down: [0, 1, 0], ahead: [0, 0, 1] }; // x to the right, y down, z towards us

/** The head's axes from the tip of its nose: [{name, from: [x, y], to: [x, y]}], pixels. */
export function axes(face) {
  const from = noseTip(face), long = LONG * face.box[2];
  return Object.entries(HEAD).map(([name, axis]) => {
    const [x, y] = turned(axis, face.pose);
    return { name, from, to: [from[0] + long * x, from[1] + long * y] };
  });
}

/** In words: "yaw 12° pitch −3° roll 0°". */
export const numbers = ({ pose }) =>
  ["yaw", "pitch", "roll"].map((name) => `${name} ${Math.round(pose[name])}°`.replace("-", "−")).join("  ");

function turned([x, y, z], pose) {
  const [yaw, pitch, roll] = [pose.yaw, pose.pitch, pose.roll].map((degrees) => (degrees * Math.PI) / 180);
  [x, z] = [x * Math.cos(yaw) + z * Math.sin(yaw), z * Math.cos(yaw) - x * Math.sin(yaw)];
  y = y * Math.cos(pitch) + z * Math.sin(pitch);
  return [x * Math.cos(roll) - y * Math.sin(roll), x * Math.sin(roll) + y * Math.cos(roll)];
}

/** The end of the bridge, where a scheme marks it; else the middle of the nose, or of the face. */
function noseTip({ points, box }) {
  const nose = points.filter(({ name }) => name.startsWith("nose"));
  const tip = nose.length === 9 ? [nose[3]] : nose;
  if (!tip.length) return [box[0] + box[2] / 2, box[1] + box[3] / 2];
  return ["x", "y"].map((axis) => tip.reduce((sum, point) => sum + point[axis], 0) / tip.length);
}
