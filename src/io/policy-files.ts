import { join } from "node:path";
import { nestsTooDeeply } from "../core/depth.ts";
import { usageError } from "../core/errors.ts";
import type { CloudId, VendorCloudPolicy, VendorId } from "../core/model.ts";
import { plainText } from "../core/text.ts";
import { fitsPattern } from "./pattern.ts";
import { policySchema } from "./policy-schema.ts";
import { readBounded } from "./read.ts";

/** More than any vendor needs to say. */
const MAX_BYTES = 256 * 1024;

/**
 * Reads a file like those of `policies/<vendor>/<cloud>.json`. Throws a usage error (`policy.invalid`) with a line for
 * each thing that is wrong: where, and what was expected.
 */
export async function readPolicyFile(path: string): Promise<VendorCloudPolicy> {
  const read = await readBounded(path, MAX_BYTES);
  if (!read.ok) throw invalid(path, [`it cannot be read: ${read.why}`], read.cause);
  let json: unknown;
  try {
    json = JSON.parse(read.text);
  } catch (error) {
    throw invalid(path, [`it is no JSON: ${error instanceof Error ? plainText(error.message, 200) : ""}`], error);
  }
  if (nestsTooDeeply(read.text)) throw invalid(path, ["it nests too deeply"]);
  const parsed = policySchema.safeParse(json);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${pathOf(issue.path)}: ${plainText(issue.message, 300)}`);
    throw invalid(path, faults.slice(0, 20));
  }
  const patterns = Object.entries(parsed.data.accessor.fields).flatMap(([name, field]) => patternFault(name, field));
  if (patterns.length > 0) throw invalid(path, patterns);
  return parsed.data;
}

/** A user's own `<folder>/<vendor>/<cloud>.json`; null when there is none. */
export async function policyIn(folder: string, vendor: VendorId, cloud: CloudId): Promise<VendorCloudPolicy | null> {
  if (!/^[a-z][a-z0-9_-]*$/.test(vendor)) return null;
  const path = join(folder, vendor, `${cloud}.json`);
  const read = await readBounded(path, MAX_BYTES);
  if (!read.ok && read.absent) return null;
  const policy = await readPolicyFile(path);
  if (policy.vendor === vendor && policy.cloud === cloud) return policy;
  throw invalid(path, [`it is about ${policy.vendor} on ${policy.cloud}, and not about ${vendor} on ${cloud}`]);
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "the file" : plainText(path.map(String).join("."), 200);
}

function patternFault(name: string, { pattern, example }: { pattern: string; example: string }): readonly string[] {
  try {
    const fits = fitsPattern(pattern, example);
    if (fits === "yes" && isSteady(pattern, example)) return [];
    const fault = fits === "no" ? "the example does not match the pattern" : "the pattern can take too long";
    return [`accessor.fields.${name}: ${fault}`];
  } catch {
    return [`accessor.fields.${name}.pattern: it is not a regular expression`];
  }
}

/** As long as the longest principal that is held against a pattern. */
const PUMPED = 2_048;
/** Of an example: principals are shorter. */
const PUMPED_PLACES = 200;

/**
 * Whether the pattern also comes to an end with what only nearly fits: the example with one of its characters over and
 * over, and then one that fits nowhere. That is where expressions go back and forth for ever.
 */
function isSteady(pattern: string, example: string): boolean {
  const characters = [...example].slice(0, PUMPED_PLACES);
  const nearly = characters.map((one, at) => `${characters.slice(0, at).join("")}${one.repeat(PUMPED)}\u0000`);
  return nearly.every((text) => fitsPattern(`^(?:${pattern})$`, text) !== "unclear");
}

export function invalid(path: string, faults: readonly string[], cause?: unknown) {
  const [first = "", ...more] = faults;
  const message = more.length === 0 ? `${path}: ${first}` : [`${path}:`, ...faults].join("\n");
  return usageError(
    "policy.invalid",
    message,
    "policies/schema.json says what such a file holds, and policies/aiven/aws.json is one.",
    cause,
  );
}
