// Where the picture lies on the stage: its corner at (x, y), `scale` screen pixels per pixel.

import { $, clamp } from "./dom.js";

const MOST = 32; // screen pixels per pixel
const SMALL = 560; // screen pixels to which a small picture is magnified
const CORNER = 8; // screen pixels
const PIXELS = 6; // screen pixels per pixel, from which on one sees that they are squares

export const view = { what: null, size: [1, 1], scale: 1, x: 0, y: 0, mirrored: false, fitted: true };

const stage = () => [$("layer").clientWidth, $("layer").clientHeight];

function fit() {
  const [width, height] = stage();
  return Math.min(width / view.size[0], height / view.size[1], Math.max(1, SMALL / Math.max(...view.size)));
}

/** Show the "picture", the "video" or, by null, nothing. Another size is seen whole. */
export function show(what, size = [1, 1], mirrored = false) {
  const same = what === view.what && String(size) === String(view.size);
  Object.assign(view, { what, size, mirrored, fitted: view.fitted || !same });
  $("empty").hidden = what !== null;
  $("view").hidden = $("tools").hidden = what === null;
  for (const id of ["picture", "video"]) $(id).hidden = id !== what;
  $("layer").classList.toggle("mirror", mirrored);
  $("stage").classList.toggle("full", what !== null);
  $("stage").style.setProperty("--ratio", size[0] / size[1]);
  place();
}

/** See the whole picture. */
export function reset() {
  view.fitted = true;
  place();
}

/** Magnify by a factor; what lies at (x, y) of the stage stays there. */
export function zoom(factor, [x, y] = stage().map((side) => side / 2)) {
  const scale = clamp(view.scale * factor, fit(), Math.max(MOST, fit()));
  view.x = x - ((x - view.x) * scale) / view.scale;
  view.y = y - ((y - view.y) * scale) / view.scale;
  view.scale = scale;
  view.fitted = scale <= fit() * 1.0001;
  place();
}

export function pan(right, down) {
  if (view.fitted) return;
  view.x += right;
  view.y += down;
  place();
}

/** Move so that a point of the picture is seen. */
export function reveal({ x, y }) {
  const [right, down] = toStage(x, y), [width, height] = stage(), edge = 24;
  pan(clamp(right, edge, width - edge) - right, clamp(down, edge, height - edge) - down);
}

function place() {
  if (!view.what) return;
  const [width, height] = stage(), [across, down] = view.size;
  if (view.fitted) {
    view.scale = fit();
    view.x = (width - across * view.scale) / 2;
    view.y = (height - down * view.scale) / 2;
  } else { // the stage's middle always shows some of the picture
    view.x = clamp(view.x, width / 2 - across * view.scale, width / 2);
    view.y = clamp(view.y, height / 2 - down * view.scale, height / 2);
  }
  const { scale, x, y } = view, { style, classList } = $(view.what);
  [style.width, style.height] = [`${across}px`, `${down}px`];
  style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
  style.borderRadius = `${CORNER / scale}px`;
  classList.toggle("pixels", scale * devicePixelRatio >= PIXELS);
  // A pixel's centre is a whole number, so the picture begins half a pixel before.
  $("marks").setAttribute("viewBox", [-x / scale - 0.5, -y / scale - 0.5, width / scale, height / scale].join(" "));
  $("marks").classList.toggle("zoomed", !view.fitted);
  $("out").disabled = $("reset").disabled = view.fitted;
  $("view").dispatchEvent(new Event("moved"));
}

/** A pointer's place on the stage, as the picture lies there: mirrored with it. */
export function at({ clientX, clientY }) {
  const frame = $("layer").getBoundingClientRect();
  return [view.mirrored ? frame.right - clientX : clientX - frame.left, clientY - frame.top];
}

export const toPicture = ([x, y]) => [(x - view.x) / view.scale - 0.5, (y - view.y) / view.scale - 0.5];
export const toStage = (x, y) => [(x + 0.5) * view.scale + view.x, (y + 0.5) * view.scale + view.y];

new ResizeObserver(place).observe($("stage"));
