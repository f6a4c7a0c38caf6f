// Runs functions of the page's modules in node: `node cases.mjs FOLDER < cases.json` prints what each returns.
// A case is [module, function, arguments]; arrays come as { type, data, ... } with their bytes in base64.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const TYPES = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array };
const asArray = (key, value) => {
  if (!value?.type) return value;
  const data = new TYPES[value.type](Uint8Array.from(Buffer.from(value.data, "base64")).buffer);
  return value.width ? { ...value, data } : data;
};
const asList = (key, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);

const folder = pathToFileURL(`${process.argv[2]}/`);
const said = [];
for (const [module, name, given] of JSON.parse(readFileSync(0, "utf8"), asArray)) {
  said.push((await import(new URL(`${module}.js`, folder)))[name](...given));
}
process.stdout.write(JSON.stringify(said, asList));
