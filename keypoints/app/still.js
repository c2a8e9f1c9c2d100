// A frame of the video as a JPEG, no larger than what finds faces needs.

import { $, make } from "./dom.js";

export const LIVE = 480; // pixels of the long side: the detector sees fewer

const canvas = make("canvas");

export const videoSize = () => [$("video").videoWidth, $("video").videoHeight];

/** The frame that is shown, a Blob; `longest`: pixels of its long side at most. */
export function still(longest = Infinity) {
  const [width, height] = videoSize(), scale = Math.min(1, longest / Math.max(width, height));
  Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
  canvas.getContext("2d").drawImage($("video"), 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
}

/** When the next frame is shown, or a moment later where none comes, as in a hidden page. */
export const nextFrame = () =>
  new Promise((done) => {
    $("video").requestVideoFrameCallback(done);
    setTimeout(done, document.hidden ? 1000 : 200);
  });
