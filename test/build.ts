import { execFileSync } from "node:child_process";

/** Builds what the tests that start the real command need, from the sources as they are now. */
export default function setup(): void {
  execFileSync(process.execPath, ["build/bundle.ts"], { stdio: "inherit" });
}
