#!/usr/bin/env -S node --
// The dashes: without them Node takes an --env-file among our own options for its own, wherever it stands, and gives
// up when the file is not there yet (https://github.com/nodejs/node/issues/54232).
// Plain JavaScript that any Node can read, so that an old one gets a sentence instead of a syntax error.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 19)) {
  const { start } = await import("../dist/main.js");
  await start();
} else {
  process.stderr.write(`keygrant needs Node 22.19 or newer; this is ${process.versions.node}.\n`);
  process.exitCode = 2;
}
