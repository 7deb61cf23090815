import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { codesPage, jsonPage, policyFileSchema } from "../build/pages.ts";

it.each([
  ["docs/codes.md", codesPage],
  ["docs/json.md", jsonPage],
  ["policies/schema.json", policyFileSchema],
])("%s is what the code makes (npm run docs)", async (path, make) => {
  expect(await readFile(path, "utf8")).toBe(make());
});
