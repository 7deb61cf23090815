import type { Call } from "./call.ts";
import { camel } from "./call.ts";
import { invalid } from "./errors.ts";

type Item = Readonly<Record<string, unknown>>;

const USUAL_SIZE = 100;
const LARGEST_SIZE = 1000;

/** One page of a list, filtered and sorted. https://cloud.google.com/kms/docs/sorting-and-filtering */
export function page(call: Call, name: string, all: readonly object[]): object {
  const filter = parameter(call, "filter");
  const wanted = sorted(call, all.map(itemOf).filter(filterOf(filter)));
  const size = Number(parameter(call, "pageSize") || USUAL_SIZE);
  if (!(Number.isInteger(size) && size >= 0)) throw invalid("The page_size must not be negative.");
  const token = parameter(call, "pageToken");
  const start = token === "" ? 0 : Number(/^sandbox-(\d+)$/.exec(token)?.[1] ?? Number.NaN);
  if (!(start <= wanted.length)) throw invalid("The page_token is invalid.");
  const end = start + Math.min(size === 0 ? USUAL_SIZE : size, LARGEST_SIZE);
  return {
    ...(wanted.length === 0 ? {} : { [name]: wanted.slice(start, end) }),
    ...(end < wanted.length ? { nextPageToken: `sandbox-${end}` } : {}),
    ...(filter === "" ? { totalSize: wanted.length } : {}),
  };
}

function itemOf(item: object): Item {
  return { ...item };
}

/** Terms `field = value`, `field != value` and `field : part`, joined by AND: as much of the language as is served. */
function filterOf(filter: string): (item: Item) => boolean {
  if (filter.trim() === "") return () => true;
  const terms = filter.split(/\s+AND\s+/).map((text) => {
    const parts = /^\(?\s*(?<path>[\w.]+)\s*(?<sign>!=|=|:)\s*"?(?<value>[^"()]*?)"?\s*\)?$/.exec(text.trim())?.groups;
    if (parts === undefined) throw invalid(`The sandbox cannot filter by '${filter}'.`);
    return { path: parts["path"] ?? "", sign: parts["sign"] ?? "=", value: parts["value"] ?? "" };
  });
  return (item) =>
    terms.every(({ path, sign, value }) => {
      const text = String(at(item, path) ?? "");
      if (sign === ":") return text.includes(value);
      return (text === value) === (sign === "=");
    });
}

function sorted(call: Call, items: readonly Item[]): readonly Item[] {
  const [path = "", direction = "asc"] = parameter(call, "orderBy").trim().split(/\s+/);
  if (path === "") return items;
  const order = direction.toLowerCase() === "desc" ? -1 : 1;
  const text = (item: Item) => String(at(item, path) ?? "");
  return items.toSorted((a, b) => order * text(a).localeCompare(text(b), "en", { numeric: true }));
}

function at(item: Item, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (value, part) => (typeof value === "object" && value !== null ? Reflect.get(value, camel(part)) : undefined),
      item,
    );
}

function parameter(call: Call, name: string): string {
  for (const [given, value] of call.query) if (camel(given) === name) return value;
  return "";
}
