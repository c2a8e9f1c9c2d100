// A box that is drawn by hand, where no detector finds the face.

import { $, clamp, svg } from "./dom.js";
import { at, toPicture, view } from "./view.js";

const LEAST = 4; // pixels of a side
const marks = $("marks"), toggle = $("draw");

let box = null; // [left, top, right, bottom] of the one that is being drawn, pixels
let start = null; // where the pointer went down
let take = () => {};

/** `taken` is called with each box, [left, top, width, height]. */
export const onBox = (taken) => (take = taken);

const isOn = () => toggle.getAttribute("aria-pressed") === "true";

function turn(on) {
  toggle.setAttribute("aria-pressed", on);
  marks.classList.toggle("drawing", on);
  box = start = null;
  if (on && document.activeElement === toggle && toggle.matches(":focus-visible")) begin(); // by the keyboard
  draw();
}

/** A box in the middle of what is seen, for the arrow keys. */
function begin() {
  const [width, height] = [$("layer").clientWidth, $("layer").clientHeight];
  const [x, y] = toPicture([width / 2, height / 2]), half = Math.min(width, height) / view.scale / 6;
  box = within([x - half, y - half, x + half, y + half]);
  marks.focus();
}

const within = ([left, top, right, bottom]) => {
  const [width, height] = view.size;
  return [clamp(left, 0, width), clamp(top, 0, height), clamp(right, 0, width), clamp(bottom, 0, height)];
};

function draw() {
  marks.querySelector(".drawn")?.remove();
  if (!box) return;
  const [left, top, right, bottom] = box;
  marks.append(svg("rect", { x: left - 0.5, y: top - 0.5, width: right - left, height: bottom - top, class: "drawn" }));
}

function finish() {
  const [left, top, right, bottom] = box;
  const [width, height] = [right - left, bottom - top];
  turn(false);
  if (Math.min(width, height) >= LEAST) take([left, top, width, height].map((value) => Math.round(100 * value) / 100));
}

toggle.addEventListener("click", () => turn(!isOn()));

marks.addEventListener("pointerdown", (event) => {
  if (event.button || toggle.disabled || !(isOn() || event.shiftKey)) return;
  event.preventDefault();
  marks.focus();
  marks.setPointerCapture(event.pointerId);
  start = toPicture(at(event));
});

marks.addEventListener("pointermove", (event) => {
  if (!start) return;
  const [x, y] = toPicture(at(event));
  box = within([Math.min(x, start[0]), Math.min(y, start[1]), Math.max(x, start[0]), Math.max(y, start[1])]);
  draw();
});

marks.addEventListener("pointerup", () => {
  if (!start) return;
  box ? finish() : (start = null);
});
marks.addEventListener("pointercancel", () => start && turn(false));

marks.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "b" && !toggle.disabled) {
    turn(!isOn());
    if (isOn()) begin();
    draw();
  } else if (event.key === "Escape" && isOn()) turn(false);
  else if (event.key === "Enter" && box) finish();
  else if (box && event.key.startsWith("Arrow")) move(event);
  else return;
  event.preventDefault();
});

/** The arrows move the box; with Shift they move its right and lower edge. */
function move({ key, shiftKey }) {
  const step = 8 / view.scale;
  const right = { ArrowRight: step, ArrowLeft: -step }[key] ?? 0, down = { ArrowDown: step, ArrowUp: -step }[key] ?? 0;
  const [x0, y0, x1, y1] = box;
  const moved = within([shiftKey ? x0 : x0 + right, shiftKey ? y0 : y0 + down, x1 + right, y1 + down]);
  if (Math.min(moved[2] - moved[0], moved[3] - moved[1]) >= LEAST) box = moved;
  draw();
}
