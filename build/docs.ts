import { writeFile } from "node:fs/promises";
import { codesPage, jsonPage, policyFileSchema } from "./pages.ts";

/** Writes every page that is made from the code. A test fails when one of them is not current. */
await writeFile("docs/codes.md", codesPage());
await writeFile("docs/json.md", jsonPage());
await writeFile("policies/schema.json", policyFileSchema());
