import { Environment } from "@marcbachmann/cel-js";

/** What a condition can ask of a request. https://cloud.google.com/iam/docs/conditions-attribute-reference */
export interface Attributes {
  readonly time: Date;
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K`, as the request names it. */
  readonly name: string;
  /** `cloudkms.googleapis.com/CryptoKey`. */
  readonly type: string;
  /** `cloudkms.googleapis.com`. */
  readonly service: string;
}

const CEL = new Environment()
  .registerVariable("request", "map")
  .registerVariable("resource", "map")
  .registerFunction("string.extract(string): string", extract);

/** Whether the condition holds for this very request. One that cannot be evaluated does not: its binding is void. */
export function holds(expression: string, { time, name, type, service }: Attributes): boolean {
  try {
    return CEL.evaluate(expression, { request: { time }, resource: { name, type, service } }) === true;
  } catch {
    return false;
  }
}

/** Why the expression cannot be one, or null. Unknown attributes and functions are none of its business. */
export function syntaxError(expression: string): string | null {
  try {
    CEL.parse(expression);
    return null;
  } catch (cause) {
    return cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
  }
}

/** https://cloud.google.com/iam/docs/conditions-attribute-reference#extract: "" where the template does not fit. */
function extract(value: string, template: string): string {
  const parts = /^(?<before>.*?)\{[^}]+\}(?<after>.*)$/s.exec(template)?.groups;
  const before = parts?.["before"] ?? "";
  const after = parts?.["after"] ?? "";
  const found = value.indexOf(before);
  if (parts === undefined || found < 0) return "";
  const start = found + before.length;
  const end = after === "" ? value.length : value.indexOf(after, start);
  return end < 0 ? "" : value.slice(start, end);
}
