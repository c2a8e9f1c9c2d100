"use strict";
// The two files that one can take away.

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

$("json").addEventListener("click", () => {
  const { overlay, ...said } = answer;
  save(new Blob([JSON.stringify(said, null, 1)], { type: "application/json" }), `${source.name}.json`);
});

$("png").addEventListener("click", async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: size[0], height: size[1] });
  const paint = canvas.getContext("2d");
  paint.drawImage($("picture"), 0, 0, ...size);
  paint.translate(0.5, 0.5);
  for (const { box, image } of answer.overlay ?? []) {
    if (!(box[2] * box[3])) continue;
    const worn = Object.assign(new Image(), { src: image });
    await worn.decode();
    paint.drawImage(worn, box[0] - 0.5, box[1] - 0.5, box[2], box[3]);
  }
  for (const face of answer.faces) {
    const unit = Math.max(0.5, face.box[2] / 200);
    paint.lineWidth = unit;
    paint.strokeStyle = "#fff";
    if (shows("boxes")) paint.strokeRect(face.box[0] - 0.5, face.box[1] - 0.5, face.box[2], face.box[3]);
    paint.strokeStyle = "#00e0a0";
    if (shows("lines")) for (const d of lines(face)) paint.stroke(new Path2D(d));
    paint.fillStyle = "#fff";
    paint.strokeStyle = "#000a";
    paint.lineWidth = unit / 2;
    if (!shows("points")) continue;
    for (const { x, y } of face.points) {
      const disc = new Path2D();
      disc.arc(x, y, 1.6 * unit, 0, 7);
      paint.fill(disc);
      paint.stroke(disc);
    }
  }
  canvas.toBlob((blob) => save(blob, `${source.name}_points.png`), "image/png");
});
