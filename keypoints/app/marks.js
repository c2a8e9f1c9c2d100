// What is drawn over the picture, and the points' names.

import { $, clamp, svg } from "./dom.js";
import { axes, numbers } from "./pose.js";
import { shows } from "./settings.js";
import { at, reveal, toPicture, toStage, view } from "./view.js";

const REACH = 16; // screen pixels from the pointer to a point that it names
const DOT = 0.024; // of the face's width on the screen
const LEGIBLE = 90; // screen pixels of a face that has room for the numbers of its pose
const marks = $("marks");

let spots = []; // every point that is drawn: {name, x, y, mark}
let current = -1; // the one whose name is shown
let groups = []; // of each face: {element, width}

/** Draw an answer over the picture; null: nothing. The name that is shown stays with its point. */
export function draw(said) {
  const named = current;
  point(-1);
  spots = [];
  groups = [];
  marks.querySelectorAll(".face, image").forEach((old) => old.remove());
  for (const { box, image } of said?.overlay ?? []) {
    if (box[2] * box[3]) marks.prepend(svg("image", { ...rect(box), href: image, preserveAspectRatio: "none" }));
  }
  for (const face of said?.faces ?? []) {
    const element = svg("g", { class: "face" });
    for (const kind of shows("boxes") ? ["shade", "box"] : []) {
      element.append(svg("rect", { ...rect(face.box), rx: face.box[2] / 30, class: kind }));
    }
    if (shows("lines")) for (const d of outlines(said, face)) element.append(svg("path", { d, class: "line" }));
    if (shows("points")) drawPoints(element, face);
    if (shows("pose") && face.pose) drawPose(element, face);
    groups.push({ element, width: face.box[2] });
    marks.append(element);
  }
  weigh();
  if (named < spots.length) point(named);
}

function drawPoints(element, face) {
  element.append(svg("path", { d: face.points.map(dot).join(""), class: "halo" }));
  for (const { name, x, y } of face.points) {
    const mark = svg("path", { d: dot({ x, y }), class: "point", "data-name": name });
    element.append(mark);
    spots.push({ name, x, y, mark });
  }
}

function drawPose(element, face) {
  for (const { name, from, to } of axes(face)) {
    element.append(svg("path", { d: `M${from.join(" ")}L${to.join(" ")}`, class: `axis ${name}` }));
  }
  const [left, top, width, height] = face.box;
  const words = svg("text", { y: 17, class: "numbers", "data-x": left + width / 2, "data-y": top + height });
  words.textContent = numbers(face);
  element.append(words);
}

const dot = ({ x, y }) => `M${x} ${y}h.001`;
const rect = ([x, y, width, height]) => ({ x: x - 0.5, y: y - 0.5, width, height });

/** The outlines of a face, each as the `d` of a path. */
export const outlines = (said, face) =>
  said.outlines.map((run) => "M" + run.map((k) => `${face.points[k].x} ${face.points[k].y}`).join("L"));

/** Dots and lines are as thick as the face is large on the screen. */
function weigh() {
  for (const { element, width } of groups) {
    const dots = clamp(DOT * width * view.scale, 1, 14);
    element.style.setProperty("--dot", `${dots}px`);
    element.style.setProperty("--line", `${clamp(dots / 3.5, 0.4, 3)}px`);
    const words = element.querySelector(".numbers");
    if (words) { // of one size on the screen, and never in mirror writing
      const { x, y } = words.dataset, size = 1 / view.scale;
      words.classList.toggle("narrow", width * view.scale < LEGIBLE);
      words.setAttribute("transform", `translate(${x} ${y}) scale(${view.mirrored ? -size : size} ${size})`);
    }
  }
  point(current);
}

function point(k) {
  spots[current]?.mark.classList.remove("at");
  current = k;
  const spot = spots[k];
  $("tip").hidden = !spot;
  if (!spot) return;
  spot.mark.classList.add("at");
  const [x, y] = toStage(spot.x, spot.y);
  $("tip").textContent = spot.name;
  $("tip").style.left = `${view.mirrored ? $("layer").clientWidth - x : x}px`;
  $("tip").style.top = `${y}px`;
}

$("view").addEventListener("moved", weigh);
marks.addEventListener("pointermove", (event) => {
  if (event.buttons) return;
  const [x, y] = toPicture(at(event));
  let best = -1, least = REACH / view.scale;
  spots.forEach((spot, k) => {
    const distance = Math.hypot(spot.x - x, spot.y - y);
    if (distance < least) [best, least] = [k, distance];
  });
  if (best !== current) point(best);
});
marks.addEventListener("pointerleave", () => point(-1));
marks.addEventListener("blur", () => point(-1));
marks.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step || event.shiftKey || event.defaultPrevented || !spots.length) return; // then the arrows move the view
  event.preventDefault();
  point(current < 0 && step < 0 ? spots.length - 1 : (current + step + spots.length) % spots.length);
  reveal(spots[current]);
});
