/** The answer of one test about a request that nobody has made yet. Kleene's three-valued logic. */
export type Tri = "yes" | "no" | "unknown";

/** No beats unknown beats yes; yes for an empty list. */
export function all(items: Iterable<Tri>): Tri {
  let result: Tri = "yes";
  for (const item of items) {
    if (item === "no") return "no";
    if (item === "unknown") result = "unknown";
  }
  return result;
}

/** Yes beats unknown beats no; no for an empty list. */
export function any(items: Iterable<Tri>): Tri {
  let result: Tri = "no";
  for (const item of items) {
    if (item === "yes") return "yes";
    if (item === "unknown") result = "unknown";
  }
  return result;
}

export function not(item: Tri): Tri {
  if (item === "unknown") return "unknown";
  return item === "yes" ? "no" : "yes";
}

export function tri(value: boolean): Tri {
  return value ? "yes" : "no";
}

/** What holds in every one of several possible worlds; unknown where they differ. */
export function agreed(items: Iterable<Tri>): Tri {
  const [first = "unknown", ...others] = new Set(items);
  return others.length === 0 ? first : "unknown";
}
