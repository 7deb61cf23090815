/** Reading JSON of which nothing is known, by own fields only. */

/** A plain JSON object. `JSON.parse` makes `__proto__` an own property, so reading fields by name is safe. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own field; undefined when it is not there. */
export function field(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** An own field that is a string, else null. */
export function textField(value: unknown, name: string): string | null {
  const found = field(value, name);
  return typeof found === "string" ? found : null;
}

/** An own field that is a list of strings, else null. */
export function textsField(value: unknown, name: string): readonly string[] | null {
  const found = field(value, name);
  return Array.isArray(found) && found.every((one) => typeof one === "string") ? found : null;
}

/** The value that a text holds; undefined when it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
