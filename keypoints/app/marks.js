"use strict";
// What is drawn over the picture, and the points' names.

const REACH = 16; // screen pixels from the pointer to a point that it names

const svg = (name, attributes) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

function fit() {
  const stage = $("stage");
  const style = getComputedStyle(stage);
  const width = stage.clientWidth - 2 * parseFloat(style.paddingLeft);
  const narrow = matchMedia("(max-width: 780px)").matches; // there the page scrolls
  const height = narrow ? 0.7 * innerHeight : stage.clientHeight - 2 * parseFloat(style.paddingTop);
  const scale = Math.min(width / size[0], height / size[1], Math.max(1, 560 / Math.max(...size)));
  $("view").style.width = `${size[0] * scale}px`;
  $("view").style.height = `${size[1] * scale}px`;
}

function draw() {
  point(-1);
  fit();
  spots = [];
  const marks = $("marks");
  // A pixel's centre is a whole number, so the picture begins half a pixel before.
  marks.setAttribute("viewBox", `-0.5 -0.5 ${size[0]} ${size[1]}`);
  marks.replaceChildren();
  for (const { box, image } of answer.overlay ?? []) {
    if (!(box[2] * box[3])) continue;
    marks.append(svg("image", { ...rect(box), href: image, preserveAspectRatio: "none" }));
  }
  for (const face of answer.faces) {
    if (shows("boxes")) marks.append(svg("rect", { ...rect(face.box), rx: face.box[2] / 30, class: "box" }));
    if (shows("lines")) for (const d of lines(face)) marks.append(svg("path", { d, class: "line" }));
    if (!shows("points")) continue;
    const points = svg("g", { class: "points" });
    marks.append(points);
    for (const { name, x, y } of face.points) {
      const mark = svg("path", { d: `M${x} ${y}h.001`, class: "point", "data-name": name });
      points.append(mark);
      spots.push({ name, x, y, mark });
    }
  }
}

const rect = ([x, y, width, height]) => ({ x: x - 0.5, y: y - 0.5, width, height });
const lines = (face) =>
  answer.outlines.map((run) => "M" + run.map((k) => `${face.points[k].x} ${face.points[k].y}`).join("L"));

function point(k) {
  spots[current]?.mark.classList.remove("at");
  current = k;
  const spot = spots[k];
  $("tip").hidden = !spot;
  if (!spot) return;
  spot.mark.classList.add("at");
  const across = (spot.x + 0.5) / size[0];
  $("tip").textContent = spot.name;
  $("tip").style.left = `${100 * (stream ? 1 - across : across)}%`;
  $("tip").style.top = `${(100 * (spot.y + 0.5)) / size[1]}%`;
}

$("marks").addEventListener("pointermove", (event) => {
  const frame = $("marks").getBoundingClientRect();
  const scale = frame.width / size[0];
  const across = stream ? frame.right - event.clientX : event.clientX - frame.left;
  const x = across / scale - 0.5, y = (event.clientY - frame.top) / scale - 0.5;
  let best = -1, least = REACH / scale;
  spots.forEach((spot, k) => {
    const distance = Math.hypot(spot.x - x, spot.y - y);
    if (distance < least) [best, least] = [k, distance];
  });
  if (best !== current) point(best);
});
$("marks").addEventListener("pointerleave", () => point(-1));
$("marks").addEventListener("blur", () => point(-1));
$("marks").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step || !spots.length) return;
  event.preventDefault();
  point(current < 0 && step < 0 ? spots.length - 1 : (current + step + spots.length) % spots.length);
});
new ResizeObserver(fit).observe($("stage"));
