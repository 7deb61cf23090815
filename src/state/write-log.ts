import { createHash } from "node:crypto";
import { usageError } from "../core/errors.ts";
import type { WriteEnd } from "../core/memory.ts";
import type { Accessor } from "../core/model.ts";
import { readText } from "./files.ts";

/** A line of `writes.jsonl`: a write begins, or has ended. */
export interface WriteLine {
  readonly event: "begin" | WriteEnd["outcome"];
  readonly at: string;
  readonly key: string;
  /** Stands in the line of a beginning alone. */
  readonly want?: "present" | "absent";
  readonly accessors?: readonly Accessor[];
  readonly revisionsBefore?: Readonly<Record<string, string>>;
  readonly documents?: readonly { readonly id: string; readonly before: string; readonly after: string }[];
  readonly backup?: string;
}

/** What a crash has cut off is left out. Throws a usage error when the log is damaged. */
export async function readWrites(path: string): Promise<readonly WriteLine[]> {
  const text = await readText(path);
  if (text === null) return [];
  return text.split("\n").flatMap((line) => {
    // A line without an end was cut off when the machine went down: what it was to say never began.
    if (!line.endsWith("}")) return [];
    try {
      return [JSON.parse(line) as WriteLine];
    } catch (error) {
      throw damaged(path, error);
    }
  });
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export function isAccessor(value: unknown): value is Accessor {
  if (!isObject(value) || typeof value["cloud"] !== "string" || !isObject(value["fields"])) return false;
  return Object.values(value["fields"]).every((field) => typeof field === "string");
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function damaged(path: string, cause?: unknown): Error {
  return usageError(
    "state.damaged",
    `The state file ${path} is damaged, or was written by a newer keygrant. Nothing in it was changed.`,
    "Use the keygrant that wrote it, restore the file, or move it away to begin anew.",
    cause,
  );
}
