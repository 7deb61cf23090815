import { registerHooks } from "node:module";

/** Says on stderr which files are loaded. */
registerHooks({
  load(url, context, next) {
    if (url.startsWith("file:")) process.stderr.write(`loaded ${new URL(url).pathname}\n`);
    return next(url, context);
  },
});
