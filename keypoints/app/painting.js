// The same drawing as on the stage, in the picture's own pixels.

import { make } from "./dom.js";
import { outlines } from "./marks.js";
import { axes } from "./pose.js";
import { shows } from "./settings.js";

const AXES = { side: "#ff4d1a", down: "#00e0a0", ahead: "#00e0ff" }; // as in page.css

/** A PNG (a Blob) of a picture (whatever `drawImage` takes) with an answer's faces. */
export async function paint(picture, said) {
  const canvas = make("canvas", { width: said.width, height: said.height });
  const brush = canvas.getContext("2d");
  brush.drawImage(picture, 0, 0, said.width, said.height);
  brush.translate(0.5, 0.5); // a pixel's centre is a whole number
  for (const { box, image } of said.overlay ?? []) {
    if (!(box[2] * box[3])) continue;
    const worn = make("img", { src: image });
    await worn.decode();
    brush.drawImage(worn, box[0] - 0.5, box[1] - 0.5, box[2], box[3]);
  }
  for (const face of said.faces) paintFace(brush, said, face);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

function paintFace(brush, said, face) {
  const unit = Math.max(0.5, face.box[2] / 200);
  const stroke = (path, colour, width) => {
    [brush.strokeStyle, brush.lineWidth] = [colour, width];
    brush.stroke(path);
  };
  if (shows("boxes")) {
    const box = new Path2D();
    box.rect(face.box[0] - 0.5, face.box[1] - 0.5, face.box[2], face.box[3]);
    stroke(box, "#fff", unit);
  }
  if (shows("lines")) for (const d of outlines(said, face)) stroke(new Path2D(d), "#00e0a0", unit);
  for (const { x, y } of shows("points") ? face.points : []) {
    const disc = new Path2D();
    disc.arc(x, y, 1.6 * unit, 0, 7);
    brush.fillStyle = "#fff";
    brush.fill(disc);
    stroke(disc, "#000a", unit / 2);
  }
  if (!shows("pose") || !face.pose) return;
  for (const { name, from, to } of axes(face)) {
    stroke(new Path2D(`M${from.join(" ")}L${to.join(" ")}`), AXES[name], 2 * unit);
  }
}
