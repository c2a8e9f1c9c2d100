// The answer whose faces are on the stage: of a picture, a film's frame, or the camera's.

import { $ } from "./dom.js";
import { count, sure } from "./faces.js";
import { draw } from "./marks.js";
import { threshold } from "./settings.js";

let whole = null;
let remark = "";

/** What is seen of it: the faces above the threshold. */
export const seen = () => whole && sure(whole, threshold());

/** Draw an answer and say what it holds; `words` are said after it. */
export function put(said, words = "") {
  whole = said;
  remark = words;
  redraw();
}

export function redraw() {
  const said = seen();
  draw(said);
  if (!said) return tell(remark);
  if (said.faces.some(({ pose }) => pose)) $("pose").hidden = false;
  const left = whole.faces.length - said.faces.length;
  const facts = [count(said), left && `${left} below the threshold`, `${said.width} × ${said.height}`, remark];
  tell(facts.filter(Boolean).join(" · "));
}

function tell(words) {
  if ($("status").textContent !== words) $("status").textContent = words; // else it would be read out again
}
