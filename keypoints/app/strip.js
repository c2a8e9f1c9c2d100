// A thumbnail of each file, when there are several, with what is known of it.

import { $, make } from "./dom.js";
import { many, sure } from "./faces.js";
import { queue } from "./queue.js";
import { threshold } from "./settings.js";

const SIDE = 128; // pixels

const tiles = new Map(); // item -> its button
let choose = () => {};

/** `chosen` is called with the item of the thumbnail that somebody chooses. */
export const onChoice = (chosen) => (choose = chosen);

/** Lay out thumbnails for the queue's files. */
export function layOut() {
  tiles.clear();
  $("strip").hidden = queue.items.length < 2;
  if ($("strip").hidden) return $("strip").replaceChildren();
  for (const item of queue.items) {
    const picture = make("canvas", { width: SIDE, height: SIDE });
    const tile = make("button", { type: "button" }, picture, make("span"));
    tile.addEventListener("click", () => choose(item));
    tiles.set(item, tile);
  }
  $("strip").replaceChildren(...[...tiles.values()].map((tile) => make("li", {}, tile)));
  label();
}

/** Say of every file what is known of it. */
export function label() {
  for (const [item, tile] of tiles) {
    const isCurrent = item === queue.current, words = describe(item);
    tile.lastChild.textContent = words;
    tile.setAttribute("aria-label", `${item.name}: ${item.error || words}`);
    tile.title = item.error ? `${item.name}: ${item.error}` : item.name;
    tile.dataset.state = item.state;
    tile.tabIndex = isCurrent ? 0 : -1;
    isCurrent ? tile.setAttribute("aria-current", "true") : tile.removeAttribute("aria-current");
    if (item.state === "done" && !tile.dataset.drawn) thumbnail(item, tile);
  }
}

function describe({ state, said }) {
  if (state === "done") return many(sure(said, threshold()).faces.length, "face");
  return { waiting: "waiting", asking: "looking", failed: "error", film: "film" }[state];
}

async function thumbnail(item, tile) {
  tile.dataset.drawn = "yes";
  const { width, height } = item.said, scale = SIDE / Math.min(width, height);
  const how = { resizeWidth: Math.ceil(width * scale), resizeHeight: Math.ceil(height * scale), resizeQuality: "medium" };
  const picture = await createImageBitmap(item.blob, how).catch(() => null); // a kind that the server alone can read
  if (!picture) return;
  tile.firstChild.getContext("2d").drawImage(picture, (SIDE - picture.width) / 2, (SIDE - picture.height) / 2);
  picture.close();
}

$("strip").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
  if (!step) return;
  event.preventDefault();
  const { items, current } = queue;
  const item = items[Math.min(Math.max(items.indexOf(current) + step, 0), items.length - 1)];
  choose(item);
  tiles.get(item).focus();
});
