import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { expect } from "vitest";
import type { ChildTask } from "./store-child.ts";

export interface Child {
  /** Waits until what it said so far is enough. */
  said(isEnough: (lines: readonly string[]) => boolean): Promise<void>;
  /** Everything it said, once it ended well. */
  end(): Promise<readonly string[]>;
  /** The same, once it was ended at once (SIGKILL). */
  kill(): Promise<readonly string[]>;
}

/** Another run of keygrant on the same store. */
export function start(task: ChildTask): Child {
  const script = join(import.meta.dirname, "store-child.ts");
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(process.execPath, [script, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const errors: string[] = [];
  let heard = () => {};
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    heard();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text));
  const closed = once(child, "close");
  return {
    said: (isEnough) =>
      new Promise((resolve, reject) => {
        heard = () => isEnough(lines) && resolve();
        heard();
        void closed.then(() => reject(new Error(errors.join(""))));
      }),
    async end() {
      const [code] = await closed;
      expect({ code, errors: errors.join("") }).toEqual({ code: 0, errors: "" });
      return lines;
    },
    async kill() {
      child.kill("SIGKILL");
      await closed;
      expect(errors.join("")).toBe("");
      return lines;
    },
  };
}
