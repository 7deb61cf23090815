import { open } from "node:fs/promises";

export type FileRead =
  | { readonly ok: true; readonly text: string /** The permission bits. */; readonly mode: number }
  | { readonly ok: false; readonly why: string; readonly absent: boolean; readonly cause: unknown };

/** Reads a text file, or whatever else a path may name (a pipe), up to a size. Strict UTF-8, without a BOM. */
export async function readBounded(path: string, maxBytes: number): Promise<FileRead> {
  try {
    await using file = await open(path, "r");
    const { mode } = await file.stat();
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of file.createReadStream({ autoClose: false, end: maxBytes })) {
      chunks.push(chunk);
      size += chunk.length;
    }
    if (size > maxBytes) return failure(`it is larger than ${maxBytes / 1024} KiB`, false);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
    return { ok: true, text, mode: mode & 0o777 };
  } catch (error) {
    if (error instanceof TypeError) return failure("it is not UTF-8 text", false, error);
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return failure(REASONS[code] ?? code, code === "ENOENT", error);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "its permissions do not let keygrant read it",
  EISDIR: "it is a folder",
};

function failure(why: string, absent: boolean, cause?: unknown): FileRead {
  return { ok: false, why, absent, cause };
}
