import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** Says on stderr which files are opened. */
for (const module of [fs, fs.promises]) {
  for (const name of ["open", "openSync", "readFile", "readFileSync", "createReadStream"]) {
    const original = module[name];
    if (original === undefined) continue;
    module[name] = function opened(path, ...rest) {
      if (typeof path === "string") process.stderr.write(`opened ${path}\n`);
      return original.call(this, path, ...rest);
    };
  }
}
syncBuiltinESMExports();
