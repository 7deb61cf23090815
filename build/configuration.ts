import { z } from "zod";
import { configSchema } from "../src/io/config-schema.ts";

/** `docs/keygrant.schema.json`, for editors. */
export function configFileSchema(): string {
  const schema = {
    ...z.toJSONSchema(configSchema, { io: "input" }),
    title: "keygrant.yaml",
    description: "The configuration of keygrant. Durations are text: 500ms, 30s, 5m, 24h, 30d.",
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

const BEGIN = "<!-- made from src/io/config-schema.ts by npm run docs -->";
const END = "<!-- end -->";

/** `docs/configuration.md` with the table of its keys as the schema has them now. */
export function configurationPage(page: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/configuration.md has no "${BEGIN}" … "${END}"`);
  return [before, BEGIN, "\n", "| key | what it says |\n|---|---|\n", ...rows(configSchema, ""), END, after].join("");
}

/** A row for each key that has a description; what has none of its own has keys below it. */
function rows(schema: unknown, path: string): readonly string[] {
  const inner = unwrapped(schema);
  const description = describe(schema);
  const own = description === undefined ? [] : [`| \`${path}\` | ${description.replaceAll("|", "\\|")} |\n`];
  if (inner instanceof z.ZodObject) {
    const below = Object.entries(inner.shape).flatMap(([key, value]) =>
      rows(value, path === "" ? key : `${path}.${key}`),
    );
    return [...own, ...below];
  }
  if (inner instanceof z.ZodRecord) return [...own, ...rows(inner.valueType, `${path}.<name>`)];
  if (inner instanceof z.ZodArray) return [...own, ...rows(inner.element, `${path}[]`)];
  return own;
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? unwrapped(schema.unwrap()) : schema;
}

function describe(schema: unknown): string | undefined {
  if (schema instanceof z.ZodType && schema.description !== undefined) return schema.description;
  return schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? describe(schema.unwrap()) : undefined;
}
