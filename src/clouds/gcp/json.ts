/** What ES2025 added to JSON and TypeScript's library does not know yet; Node has it since 21. */
interface JsonWithSource {
  parse(text: string, reviver: (name: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}

/** Numbers that JavaScript would write in another way stay as they were: nothing that is not ours may change. */
export function parseExactly(text: string): unknown {
  const json = JSON as unknown as JsonWithSource;
  return json.parse(text, (_, value, { source }) =>
    typeof value === "number" && source !== undefined && String(value) !== source ? json.rawJSON(source) : value,
  );
}

/** The value; null when the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
