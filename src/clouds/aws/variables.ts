import { contextValue, type RequestContext } from "./context.ts";
import { literal, type Pattern, wildcards } from "./glob.ts";
import type { KeyPolicy } from "./statement.ts";

/** Whether `${…}` is a policy variable or plain text; `unknown` for a version that is not known. */
export type Variables = "on" | "off" | "unknown";

/**
 * Variables came with version 2012-10-17. Without a Version the older one holds, and there they are plain text
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html).
 */
export function variablesOf(policy: KeyPolicy): Variables {
  if (policy.Version === undefined || policy.Version === "2008-10-17") return "off";
  return policy.Version === "2012-10-17" ? "on" : "unknown";
}

export interface ExpandOptions {
  readonly context: RequestContext;
  readonly variables: Variables;
  /** Whether `*` and `?` are wildcards in this place. */
  readonly wildcards: boolean;
}

/**
 * The text as a pattern, its variables filled in. Null where a variable has no value that is known from here: the
 * page says that such a statement "might" become invalid as a whole, so nothing can be said either way.
 */
export function expand(text: string, options: ExpandOptions): Pattern | null {
  const plain = options.wildcards ? wildcards : literal;
  if (options.variables === "off" || !text.includes("${")) return plain(text);
  if (options.variables === "unknown") return null;
  const pieces: Pattern[] = [];
  let from = 0;
  for (let at = text.indexOf("${"); at >= 0; at = text.indexOf("${", from)) {
    const end = text.indexOf("}", at);
    if (end < 0) return null;
    const value = variable(text.slice(at + 2, end), options);
    if (value === null) return null;
    pieces.push(plain(text.slice(from, at)), literal(value));
    from = end + 1;
  }
  return [...pieces, plain(text.slice(from))].flat();
}

/** `${*}`, `${?}` and `${$}` stand for the characters themselves. */
const CHARACTERS: ReadonlySet<string> = new Set(["*", "?", "$"]);

function variable(content: string, options: ExpandOptions): string | null {
  if (CHARACTERS.has(content)) return content;
  const comma = content.indexOf(",");
  const key = (comma < 0 ? content : content.slice(0, comma)).trim();
  const value = contextValue(options.context, key);
  if (value.state === "known") return value.values.length === 1 ? (value.values[0] ?? null) : null;
  if (value.state !== "absent" || comma < 0) return null;
  return fallback(content.slice(comma + 1).trim());
}

/** The default of `${key, 'default'}`; null for one that could also be read as a pattern. */
function fallback(quoted: string): string | null {
  if (quoted.length < 2 || !quoted.startsWith("'") || !quoted.endsWith("'")) return null;
  const value = quoted.slice(1, -1);
  return /['*?$]/.test(value) ? null : value;
}
