import { processHost } from "./host.ts";
import { watched } from "./lost-output.ts";
import { main } from "./main.ts";
import { VERSION } from "./version.ts";

/** What `bin/keygrant.js` calls. It ends the process once what was written is flushed. */
export async function start(): Promise<void> {
  // What a cloud's SDK should stop calling in Node is for its authors to hear, not for whoever reads our stderr.
  process.noDeprecation = true;
  const results = watched(process.stdout, () => process.stderr);
  const exitCode = await run(process.argv.slice(2));
  // Connections that are kept alive and signal handlers would keep the process for nothing.
  process.stdout.write("", () => process.exit(results.end(exitCode)));
}

async function run(argv: readonly string[]): Promise<number> {
  // The version alone needs no command.
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  // Before much is loaded, and for the one command that goes over whole fleets.
  if (argv[0] === "validate") (await import("./heap.ts")).keepHeapSmall();
  const host = processHost();
  const exitCode = await main(argv, host);
  for (const stream of host.opened) await new Promise<void>((resolve) => stream.write("", () => resolve()));
  return exitCode;
}
