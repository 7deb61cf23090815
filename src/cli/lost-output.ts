import { EXIT } from "./exit.ts";
import type { Output } from "./host.ts";

/** What became of the results, once everything was written. */
export interface Watched {
  /** Says on stderr that the results were lost, and gives the exit code that the run ends with. */
  end(exitCode: number): number;
}

/**
 * Whoever reads us may have had enough (`| head`). The work goes on to its end, and the exit code stays its own: a run
 * that stopped here would leave a write half done, and one that exits 0 would call every key VALID. A disk that is full
 * took the results, and nobody knows it yet.
 */
export function watched(stdout: Output, stderr: () => Output): Watched {
  let lost: NodeJS.ErrnoException | null = null;
  stdout.on("error", (error) => {
    lost ??= error;
  });
  return {
    end(exitCode) {
      if (lost === null || lost.code === "EPIPE") return exitCode;
      stderr().write(
        `keygrant: Its output could not be written: ${lost.code}. What it did is done. (usage.output-file)\n` +
          "  next: Free some space, then run the same command again: nothing is done twice.\n",
      );
      return exitCode === EXIT.ok ? EXIT.usage : exitCode;
    },
  };
}
