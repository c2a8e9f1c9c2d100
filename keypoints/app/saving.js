// The files that one can take away: of what is on the stage, or of all that was opened.

import { seen } from "./stage.js";
import { zip } from "./archive.js";
import { $, make, say } from "./dom.js";
import { sure } from "./faces.js";
import { paint } from "./painting.js";
import { isBusy, queue } from "./queue.js";
import { records, toLines, toTable } from "./records.js";
import { threshold } from "./settings.js";
import { view } from "./view.js";

const stem = (name) => name.replace(/\.[^.]*$/, "") || "picture";
const text = (words, type) => new Blob([words], { type });

function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Enable what can be saved now. */
export function label() {
  const item = queue.current, shown = item && seen(); // of a picture that is still being opened, nothing
  $("json").disabled = $("csv").disabled = !(item?.isFilm ? item.frames.size : shown);
  $("png").disabled = !shown || !view.what;
  $("all").hidden = queue.items.length < 2;
  $("all").disabled = isBusy() || !queue.items.some(({ said, frames }) => said || frames.size);
}

$("json").addEventListener("click", () => {
  const item = queue.current;
  if (item.isFilm) return save(text(toLines(records(item)), "application/jsonl"), `${stem(item.name)}.jsonl`);
  const { overlay, ...said } = seen();
  save(text(JSON.stringify(said, null, 1), "application/json"), `${stem(item.name)}.json`);
});

$("csv").addEventListener("click", () => {
  const item = queue.current;
  save(text(toTable(records(item)), "text/csv"), `${stem(item.name)}.csv`);
});

$("png").addEventListener("click", async () => {
  save(await paint($(view.what), seen()), `${stem(queue.current.name)}_points.png`);
});

$("all").addEventListener("click", async () => {
  $("all").disabled = true;
  try {
    save(await zip(await results()), "keypoints.zip");
  } catch (error) {
    say(error.message);
  }
  $("all").textContent = "All as ZIP";
  label();
});

/** Faces as JSON lines and as a table, a drawing of every picture, and the words of what went wrong. */
async function results() {
  const all = queue.items.flatMap(records);
  const files = [
    { name: "faces.jsonl", blob: text(toLines(all)) },
    { name: "faces.csv", blob: text(toTable(all)) },
  ];
  const wrong = queue.items.filter(({ error }) => error).map(({ name, error }) => `${name}: ${error}\n`);
  const taken = new Set();
  for (const [k, item] of queue.items.entries()) {
    $("all").textContent = `${k + 1} of ${queue.items.length}`;
    if (item.isFilm || !item.said) continue;
    const picture = await createImageBitmap(item.blob).catch(() => null);
    if (!picture) {
      wrong.push(`${item.name}: this browser cannot draw such a picture\n`);
      continue;
    }
    files.push({ name: free(item.name, taken), blob: await paint(picture, sure(item.said, threshold())) });
    picture.close();
  }
  if (wrong.length) files.push({ name: "errors.txt", blob: text(wrong.join("")) });
  return files;
}

/** A name in the archive that no other file has, whatever the case, and that leads nowhere else. */
function free(name, taken) {
  const plain = stem(name).replace(/[\x00-\x1f\x7f/\\:*?"<>|]/g, "_");
  let found = `${plain}_points.png`;
  for (let number = 2; taken.has(found.toLowerCase()); number++) found = `${plain}_points_${number}.png`;
  taken.add(found.toLowerCase());
  return found;
}
