// Zip archives whose files are stored as they are; see PKWARE's APPNOTE.

const TABLE = Uint32Array.from({ length: 256 }, (_, number) => {
  let value = number;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** Files, { name, data }, as a zip: a Blob. Names are ASCII. */
export function zip(files) {
  const [parts, directory] = [[], []];
  let [offset, size] = [0, 0];
  for (const { name, data } of files) {
    const letters = new TextEncoder().encode(name);
    const common = [[2, 20], [2, 0], [2, 0], [4, 0x00210000], [4, crc(data)], [4, data.length], [4, data.length], [2, letters.length], [2, 0]];
    const local = record(0x04034b50, common);
    const entry = record(0x02014b50, [[2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]);
    parts.push(local, letters, data);
    directory.push(entry, letters);
    offset += local.length + letters.length + data.length;
    size += entry.length + letters.length;
  }
  const count = files.length;
  const end = record(0x06054b50, [[2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** A signature and numbers of so many bytes, the lowest first. */
function record(signature, numbers) {
  return Uint8Array.from([[4, signature], ...numbers].flatMap(([bytes, value]) => Array.from({ length: bytes }, (_, place) => value >>> (8 * place))));
}

function crc(data) {
  let value = 0xffffffff;
  for (const byte of data) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
