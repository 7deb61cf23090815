/** A process that has a sandbox's folder until it is killed: `node holder.ts <folder> <mode>`. */
import { startWith } from "../../src/sandbox/sandbox.ts";
import { modulesWith, optionsWith } from "./kit.ts";

const [dir = "", mode = "embedded"] = process.argv.slice(2);
const sandbox = await startWith(
  modulesWith(new Set()),
  optionsWith({ dir, mode: mode === "serve" ? "serve" : "embedded" }),
);
process.stdout.write(`${sandbox.origin}\n`);
