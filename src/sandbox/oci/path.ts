/** The versions of the two APIs, with which every path begins. */
export const IDENTITY = "20160918";
export const KMS = "20180608";

const REGION = /^[a-z]+(-[a-z]+)+-\d+$/;

/**
 * The parts of a path, percent-encoding untouched; null: not one of OCI's. One host cannot say by its name which region
 * is asked; a region in front of the path can: `/us-ashburn-1/20160918/policies`.
 */
export function placeOf(path: string): { readonly region: string | null; readonly rest: readonly string[] } | null {
  const [empty, ...parts] = path.split("/");
  const [first = ""] = parts;
  const region = REGION.test(first) ? first : null;
  const rest = region === null ? parts : parts.slice(1);
  return empty === "" && (rest[0] === IDENTITY || rest[0] === KMS) ? { region, rest } : null;
}

export function isOciPath(path: string): boolean {
  return placeOf(path) !== null;
}
