import { VERSION } from "./version.ts";

/** What `bin/keygrant.js` calls. The exit code is set, not forced: what is written is still flushed. */
export async function start(): Promise<void> {
  // What a cloud's SDK should stop calling in Node is for its authors to hear, not for whoever reads our stderr.
  process.noDeprecation = true;
  // Whoever reads us may have had enough (`| head`). The work goes on to its end, and the exit code stays its own:
  // a run that stopped here would leave a write half done, and one that exits 0 would call every key VALID.
  let lost: NodeJS.ErrnoException | null = null;
  process.stdout.on("error", (error) => {
    lost ??= error;
  });
  const exitCode = await run(process.argv.slice(2));
  process.exitCode = exitCode;
  // Connections that are kept alive and signal handlers would keep the process for nothing.
  process.stdout.write("", () => {
    const code = endOf(exitCode, lost);
    process.stderr.write("", () => process.exit(code));
  });
}

/** A disk that is full took the results, and nobody knows it yet. */
function endOf(exitCode: number, lost: NodeJS.ErrnoException | null): number {
  if (lost === null || lost.code === "EPIPE") return exitCode;
  process.stderr.write(
    `keygrant: Its output could not be written: ${lost.code}. What it did is done. (usage.output-file)\n` +
      "  next: Free some space, then run the same command again: nothing is done twice.\n",
  );
  return exitCode === 0 ? 2 : exitCode;
}

/** The version alone needs nothing else loaded. */
async function run(argv: readonly string[]): Promise<number> {
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  // Before anything is loaded, and for the one command that goes over whole fleets.
  if (argv[0] === "validate") (await import("./heap.ts")).keepHeapSmall();
  const [{ main }, { processHost }] = await Promise.all([import("./main.ts"), import("./host.ts")]);
  return main(argv, processHost());
}
