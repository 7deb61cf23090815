import { processHost } from "./host.ts";
import { main } from "./main.ts";

/** What `bin/keygrant.js` calls. The exit code is set, not forced: what is written is still flushed. */
export async function start(): Promise<void> {
  // What a cloud's SDK should stop calling in Node is for its authors to hear, not for whoever reads our stderr.
  process.noDeprecation = true;
  // Whoever reads us may have had enough (`| head`): nobody is left to hear of it.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  const exitCode = await main(process.argv.slice(2), processHost());
  process.exitCode = exitCode;
  // Connections that are kept alive and signal handlers would keep the process for nothing.
  process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
}
