import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The first of these programs that the machine has; null when it has none. */
export function findProgram(...names: readonly string[]): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((one) => one !== "");
  for (const path of names.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not there: the next one.
    }
  }
  return null;
}

/** What a program says about an input: its exit code, and all that it printed. */
export function runProgram(
  path: string,
  args: readonly string[],
  input: string,
): { code: number | null; said: string } {
  const ended = spawnSync(path, args, { input, encoding: "utf8", timeout: 30_000 });
  return { code: ended.status, said: `${ended.stdout}${ended.stderr}` };
}
