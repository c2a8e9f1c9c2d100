// What one can choose. `again` is called where the server has to be asked again, `redraw` where not.

import { $, make } from "./dom.js";

const chosen = (group) => document.querySelector(`#${group} input:checked`)?.value ?? "";

export const shows = (what) => document.querySelector(`#shown input[value=${what}]`).checked;
export const threshold = () => Number($("threshold").value);

/** The query of a question to the server: of a live picture, or of the faces in boxes. */
export function query({ fast = false, boxes = [] } = {}) {
  const asked = { part: chosen("parts"), detector: chosen("detectors"), overlay: chosen("overlays") };
  const more = [...(fast ? [["fast", 1]] : []), ...boxes.map((box) => ["box", box])];
  return new URLSearchParams([...Object.entries(asked), ...more]);
}

/** Lay out what the server has to offer. */
export function offer(options, again, redraw) {
  radios("parts", Object.entries(options.parts));
  radios("detectors", Object.entries(options.detectors));
  radios("overlays", [["", "None"], ...options.overlays.map((name) => [name, name[0].toUpperCase() + name.slice(1)])]);
  $("parts").addEventListener("change", () => {
    const nose = chosen("parts") === "nose"; // one point does not say how a face is turned
    if (nose) document.querySelector("#overlays input").checked = true;
    $("overlays").disabled = nose;
  });
  for (const group of ["parts", "detectors", "overlays"]) $(group).addEventListener("change", again);
  $("shown").addEventListener("change", redraw);
  $("threshold").addEventListener("input", () => {
    $("least").textContent = threshold().toFixed(2);
    redraw();
  });
}

function radios(group, entries) {
  for (const [value, text] of entries) {
    const input = make("input", { type: "radio", name: group, value, checked: value === entries[0][0] });
    $(group).append(make("label", {}, input, make("span", { textContent: text })));
  }
  $(group).hidden = entries.length < 2;
}
