// What was dropped: files, and those in folders.

const HIDDEN = /^(\.|Thumbs\.db$|desktop\.ini$)/;

/** The files of a drop (a DataTransfer), those of a folder in the order of their names. */
export async function filesIn(transfer) {
  const files = [...transfer.files]; // now: a drop is empty when its event has ended
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.());
  if (!entries.some((entry) => entry?.isDirectory)) return files;
  return (await Promise.all(entries.filter(Boolean).map(filesOf))).flat();
}

async function filesOf(entry) {
  if (HIDDEN.test(entry.name)) return [];
  if (entry.isFile) return [await new Promise((done, fail) => entry.file(done, fail))];
  const reader = entry.createReader(), entries = [];
  for (let some; (some = await new Promise((done, fail) => reader.readEntries(done, fail))).length; ) entries.push(...some);
  entries.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
  return (await Promise.all(entries.map(filesOf))).flat();
}
