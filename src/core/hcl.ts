/**
 * Terraform's language, as much of it as a grant needs, laid out as `terraform fmt` does
 * (https://developer.hashicorp.com/terraform/language/syntax/configuration). Values are data: whatever they say, they
 * end no string, begin no template and start no line.
 */

/** An expression that is printed as it is: a reference, never a value that somebody else chose. */
export interface Expression {
  readonly expression: string;
}

export type Value = string | boolean | Expression | readonly (string | Expression)[];

export interface Block {
  /** The type and labels: `["resource", "aws_kms_key_policy", "key"]`. Labels are names, never somebody else's text. */
  readonly head: readonly string[];
  /** Comment lines above it. */
  readonly about?: readonly string[];
  readonly arguments: Readonly<Record<string, Value>>;
  readonly blocks?: readonly Block[];
}

export function reference(expression: string): Expression {
  return { expression };
}

/** Text with Terraform's variables in the place of placeholders; the text itself when there are none. */
export function interpolated(text: string, variables: Readonly<Record<string, string>>): string | Expression {
  const pieces = Object.entries(variables).reduce<readonly (string | Expression)[]>(
    (all, [placeholder, variable]) =>
      all.flatMap((piece) =>
        typeof piece === "string"
          ? piece
              .split(placeholder)
              .flatMap((one, index) => (index === 0 ? [one] : [reference(`var.${variable}`), one]))
          : [piece],
      ),
    [text],
  );
  if (pieces.length === 1) return text;
  const inner = pieces.map((one) => (typeof one === "string" ? hclString(one).slice(1, -1) : `\${${one.expression}}`));
  return reference(`"${inner.join("")}"`);
}

/** Blocks with an empty line between them, without a newline at the end. */
export function printHcl(blocks: readonly Block[]): string {
  return blocks.map((block) => printBlock(block, "")).join("\n\n");
}

function printBlock({ head: [type = "", ...labels], about = [], ...body }: Block, indent: string): string {
  const inner = `${indent}  `;
  const groups = Object.entries(body.arguments).map(([name, value]) => ({ name, text: printValue(value, inner) }));
  const short = groups.filter(({ text }) => !text.includes("\n"));
  const long = groups.filter(({ text }) => text.includes("\n"));
  const width = Math.max(0, ...short.map(({ name }) => name.length));
  const parts = [
    short.map(({ name, text }) => `${inner}${name.padEnd(width)} = ${text}`).join("\n"),
    ...long.map(({ name, text }) => `${inner}${name} = ${text}`),
    ...(body.blocks ?? []).map((one) => printBlock(one, inner)),
  ].filter((part) => part !== "");
  const opening = [type, ...labels.map((label) => `"${label}"`), "{"].join(" ");
  const inside = parts.length === 0 ? [] : [parts.join("\n\n")];
  return [...about.map((line) => `${indent}# ${line}`), `${indent}${opening}`, ...inside, `${indent}}`].join("\n");
}

/** Lists of more than two, or of long texts, stand on lines of their own. */
function printValue(value: Value, indent: string): string {
  if (typeof value === "string") return hclString(value);
  if (typeof value === "boolean") return String(value);
  if ("expression" in value) return value.expression;
  const items = value.map((one) => (typeof one === "string" ? hclString(one) : one.expression));
  const line = `[${items.join(", ")}]`;
  if (items.length < 3 && line.length <= 100) return line;
  return `[\n${items.map((item) => `${indent}  ${item},`).join("\n")}\n${indent}]`;
}

/**
 * A quoted template without a template in it ("Strings and Templates"): quotes, backslashes, `${`, `%{`, and whatever
 * cannot be seen are escaped.
 */
export function hclString(text: string): string {
  const escaped = text
    .toWellFormed()
    .replaceAll(/[\\"]/g, "\\$&")
    .replaceAll(/[$%](?=\{)/g, "$&$&")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
      const code = (character.codePointAt(0) ?? 0).toString(16);
      return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
    });
  return `"${escaped}"`;
}
