import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { configFileSchema, configurationPage } from "../build/configuration.ts";
import { optionsPage } from "../build/options.ts";
import { codesPage, jsonPage, policyFileSchema } from "../build/pages.ts";
import { permissionsPage } from "../build/permissions.ts";
import { sizingPage } from "../build/sizing.ts";

it.each([
  ["docs/codes.md", codesPage],
  ["docs/json.md", jsonPage],
  ["docs/options.md", optionsPage],
  ["policies/schema.json", policyFileSchema],
  ["docs/keygrant.schema.json", configFileSchema],
])("%s is what the code makes (npm run docs)", async (path, make) => {
  expect(await readFile(path, "utf8")).toBe(await make());
});

it("docs/configuration.md has every key of the schema (npm run docs)", async () => {
  const page = await readFile("docs/configuration.md", "utf8");
  expect(configurationPage(page)).toBe(page);
});

it("docs/permissions.md has the calls and roles of the code (npm run docs)", async () => {
  const page = await readFile("docs/permissions.md", "utf8");
  expect(permissionsPage(page)).toBe(page);
});

it("docs/sizing.md has what the quotas of the code allow (npm run docs)", async () => {
  const page = await readFile("docs/sizing.md", "utf8");
  expect(page).toContain("100,000");
  expect(sizingPage(page)).toBe(page);
});
