import { readFile, writeFile } from "node:fs/promises";
import { configFileSchema, configurationPage } from "./configuration.ts";
import { optionsPage } from "./options.ts";
import { codesPage, jsonPage, policyFileSchema } from "./pages.ts";
import { permissionsPage } from "./permissions.ts";
import { sizingPage } from "./sizing.ts";

/** Writes every page that is made from the code. A test fails when one of them is not current. */
await writeFile("docs/codes.md", codesPage());
await writeFile("docs/options.md", await optionsPage());
await writeFile("docs/json.md", jsonPage());
await writeFile("policies/schema.json", policyFileSchema());
await writeFile("docs/keygrant.schema.json", configFileSchema());
await writeFile("docs/configuration.md", configurationPage(await readFile("docs/configuration.md", "utf8")));
await writeFile("docs/permissions.md", permissionsPage(await readFile("docs/permissions.md", "utf8")));
await writeFile("docs/sizing.md", sizingPage(await readFile("docs/sizing.md", "utf8")));
