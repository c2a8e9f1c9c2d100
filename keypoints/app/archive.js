// A ZIP archive of files as they are, without compression (PKWARE's APPNOTE, 4.3).

const UTF8 = 0x800; // flag: names are UTF-8
const DAY = 0x21; // 1 January 1980: archives of the same files are the same bytes
const MOST = 2 ** 32 - 1; // bytes, and 65535 files: more needs ZIP64

/** An archive (a Blob) of [{name, blob}]. Throws an Error where that is more than such an archive holds. */
export async function zip(files) {
  const parts = [], directory = [];
  let offset = 0;
  for (const { name, blob } of files) {
    const path = new TextEncoder().encode(name);
    const facts = [20, UTF8, 0, 0, DAY, await crc32(blob), blob.size, blob.size, path.length, 0];
    const local = record("PK\x03\x04", facts);
    parts.push(local, path, blob);
    directory.push(record("PK\x01\x02", [20, ...facts, 0, 0, 0, 0, offset], CENTRAL), path);
    offset += local.length + path.length + blob.size;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  if (offset + size > MOST || files.length > 65535) throw new Error("This is too much for one archive: save in parts.");
  const end = record("PK\x05\x06", [0, 0, files.length, files.length, size, offset, 0], [2, 2, 2, 2, 4, 4, 2]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

// Bytes of the fields: version, flags, method, time, date, CRC, two sizes, lengths of name and extra field;
const LOCAL = [2, 2, 2, 2, 2, 4, 4, 4, 2, 2];
// in the directory, the maker's version before, and length of the comment, disk, two attributes, offset after.
const CENTRAL = [2, ...LOCAL, 2, 2, 2, 4, 4];

function record(signature, values, sizes = LOCAL) {
  const bytes = new Uint8Array(4 + sizes.reduce((sum, size) => sum + size, 0));
  bytes.set([...signature].map((letter) => letter.charCodeAt()));
  const fields = new DataView(bytes.buffer);
  let place = 4;
  sizes.forEach((size, k) => {
    size === 2 ? fields.setUint16(place, values[k], true) : fields.setUint32(place, values[k], true);
    place += size;
  });
  return bytes;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

async function crc32(blob) {
  let sum = -1;
  for (const byte of new Uint8Array(await blob.arrayBuffer())) sum = TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
  return ~sum >>> 0;
}
