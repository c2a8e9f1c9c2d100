// Pointers, wheel, keys and buttons that move the view.

import { $ } from "./dom.js";
import { at, pan, reset, view, zoom } from "./view.js";

const STEP = 1.4; // of a key or a button
const FAR = 60; // screen pixels of an arrow key
const pointers = new Map(); // those that are down: id -> place on the stage
const marks = $("marks");

marks.addEventListener("pointerdown", (event) => {
  if (event.button || event.defaultPrevented) return; // prevented: a box is being drawn
  pointers.set(event.pointerId, at(event));
  marks.setPointerCapture(event.pointerId);
});

marks.addEventListener("pointermove", (event) => {
  if (!pointers.has(event.pointerId)) return;
  const before = [...pointers.values()];
  pointers.set(event.pointerId, at(event));
  const after = [...pointers.values()];
  const [from, to] = [middle(before), middle(after)];
  pan(to[0] - from[0], to[1] - from[1]);
  if (after.length === 2) zoom(apart(after) / Math.max(1, apart(before)), to);
  marks.classList.toggle("held", !view.fitted);
});

for (const end of ["pointerup", "pointercancel"])
  marks.addEventListener(end, (event) => {
    pointers.delete(event.pointerId);
    marks.classList.remove("held");
  });

const middle = (places) => [0, 1].map((k) => places.reduce((sum, place) => sum + place[k], 0) / places.length);
const apart = ([one, other]) => Math.hypot(one[0] - other[0], one[1] - other[1]);

marks.addEventListener(
  "wheel",
  (event) => {
    if (event.deltaY > 0 && view.fitted) return; // there is no smaller: the page may scroll
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE;
    zoom(Math.exp(-event.deltaY * (lines ? 16 : 1) * (event.ctrlKey ? 0.01 : 0.002)), at(event)); // ctrl: a pinch
  },
  { passive: false },
);

marks.addEventListener("dblclick", reset);
$("in").addEventListener("click", () => zoom(STEP));
$("out").addEventListener("click", () => zoom(1 / STEP));
$("reset").addEventListener("click", reset);

const KEYS = {
  "+": () => zoom(STEP), "=": () => zoom(STEP), "-": () => zoom(1 / STEP), 0: reset,
  ArrowLeft: () => pan(FAR, 0), ArrowRight: () => pan(-FAR, 0), ArrowUp: () => pan(0, FAR), ArrowDown: () => pan(0, -FAR),
};
marks.addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (!act || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act();
});
