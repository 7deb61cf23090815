import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveSecret } from "../../src/io/secrets.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keygrant-secrets-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function secretFile(content: string | Uint8Array, mode: number): Promise<string> {
  const path = join(folder, `secret-${mode}-${content.length}`);
  await writeFile(path, content);
  await chmod(path, mode);
  return `file:${path}`;
}

const NONE = { env: {} };

describe("resolveSecret", () => {
  it("takes a variable, without the newline at its end", async () => {
    expect(await resolveSecret("env:TOKEN", { env: { TOKEN: "abc\n" } })).toEqual({ value: "abc", notes: [] });
  });

  it("takes a file, and says when others may open it", async () => {
    expect(await resolveSecret(await secretFile("abc\r\n", 0o600), NONE)).toEqual({ value: "abc", notes: [] });
    const open = await resolveSecret(await secretFile("abcd\n", 0o640), NONE);
    expect(open.value).toBe("abcd");
    expect(open.notes).toHaveLength(1);
    expect(open.notes[0]).toMatch(/mode 0640\): chmod 600/);
    expect(open.notes[0]).not.toContain("abcd");
  });

  it.each([
    ["env:NOT_THERE", "credentials.missing", "env:NOT_THERE, which is not set"],
    ["env:toString", "credentials.missing", "which is not set"],
    ["file:/nowhere/at/all", "credentials.missing", "there is no such file"],
    ["file:/", "credentials.bad-reference", "is none"],
    ["file:relative/path", "credentials.bad-reference", "is none"],
    ["sk-live-1234", "credentials.bad-reference", "is none"],
    ["env:", "credentials.bad-reference", "is none"],
  ])("%s: %s", async (reference, code, words) => {
    const error: Error = await resolveSecret(reference, NONE).then(
      () => expect.unreachable(),
      (reason: Error) => reason,
    );
    expect(error).toMatchObject({ kind: "usage", code });
    expect(error.message).toContain(words);
    expect(`${error.message}`).not.toContain("sk-live");
  });

  it.each<[string, () => Promise<string>, string, string]>([
    ["an empty file", () => secretFile("\n", 0o600), "credentials.missing", "which is empty"],
    [
      "a file that is too large",
      () => secretFile("x".repeat(65_537), 0o600),
      "credentials.unreadable",
      "larger than 64 KiB",
    ],
    ["bytes", () => secretFile(new Uint8Array([0xff, 0xfe, 0xfd]), 0o600), "credentials.unreadable", "not UTF-8"],
    ["a folder", async () => `file:${folder}`, "credentials.unreadable", "a folder"],
  ])("refuses %s", async (_, make, code, words) => {
    await expect(resolveSecret(await make(), NONE)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    });
  });
});
