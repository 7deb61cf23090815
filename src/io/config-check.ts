import { z } from "zod";
import { parseDuration } from "../core/duration.ts";
import { KeygrantError } from "../core/errors.ts";
import type { CloudId, KeyRef, VendorId } from "../core/model.ts";
import type { Mute } from "../core/mutes.ts";
import { plainText } from "../core/text.ts";
import type { FieldValues } from "../core/trust.ts";
import type { Config, ListedKey, NotifyConfig, Pins, VendorConfig } from "./config.ts";
import { configSchema, type RawConfig } from "./config-schema.ts";
import type { Path, Problem, YamlFile } from "./config-yaml.ts";
import { didYouMean } from "./did-you-mean.ts";
import { policyOf, shippedPolicies } from "./policies.ts";
import { REFERENCE_PATTERN } from "./secrets.ts";

type Shape =
  | { readonly ok: true; readonly raw: RawConfig }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[] /** How many more there are. */;
      readonly untold: number;
    };

/** More than anybody reads; to find the places of all of them would take longer than anybody waits. */
const MOST_TOLD = 100;

/** Whether the file has the form of the schema. */
export function shapeProblems(file: YamlFile): Shape {
  const result = configSchema.safeParse(file.value ?? {});
  if (result.success) return { ok: true, raw: result.data };
  const issues = result.error.issues.flatMap(single);
  const problems = issues.slice(0, MOST_TOLD).map((issue) => wordsOf(issue, file));
  return { ok: false, problems, untold: issues.length - problems.length };
}

/** Each unknown key by itself. */
function single(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  return issue.code === "unrecognized_keys" ? issue.keys.map((key) => ({ ...issue, keys: [key] })) : [issue];
}

function wordsOf(issue: z.core.$ZodIssue, file: YamlFile): Problem {
  if (issue.code === "unrecognized_keys") return unknownKey([...issue.path, ...issue.keys], file);
  if (issue.code === "invalid_key") {
    return file.problemAtKey(
      issue.path,
      mismatch(issue.path.slice(0, -1), quoted(issue.path.at(-1)), issue.issues[0]?.message),
    );
  }
  return file.problemAt(issue.path, mismatch(issue.path, foundAt(issue, file), issue.message));
}

function unknownKey(path: Path, file: YamlFile): Problem {
  const known = keysAt(configSchema, path.slice(0, -1));
  const key = path.at(-1);
  const meant = didYouMean(String(key), known);
  const hint = meant === null ? `, expected one of: ${known.join(", ")}` : `; did you mean "${meant}"?`;
  return file.problemAtKey(path, `${prefix(path.slice(0, -1))}found the unknown key ${quoted(key)}${hint}`);
}

/** The keys that the schema knows at a place. */
function keysAt(schema: unknown, path: Path): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return keysAt(schema.unwrap(), path);
  const [first, ...rest] = path;
  if (schema instanceof z.ZodObject) {
    return first === undefined ? Object.keys(schema.shape) : keysAt(schema.shape[String(first)], rest);
  }
  if (schema instanceof z.ZodRecord)
    return first === undefined ? keysOf(schema.keyType) : keysAt(schema.valueType, rest);
  if (schema instanceof z.ZodArray) return keysAt(schema.element, rest);
  return [];
}

function keysOf(schema: unknown): readonly string[] {
  return schema instanceof z.ZodEnum ? schema.options.map(String) : [];
}

/** What stands under these names may be a secret, or was meant to be one. */
const NEVER_SHOWN: ReadonlySet<unknown> = new Set(["token", "secret", "url", "state"]);

function foundAt(issue: z.core.$ZodIssue, file: YamlFile): string {
  const found = file.found(issue.path);
  if (!found.is) return found.noun;
  if (NEVER_SHOWN.has(issue.path.at(-1))) return "a value that is not shown here";
  if (issue.code !== "invalid_type") return found.noun;
  // The address of a webhook, say, right behind the receiver's name.
  if (found.is === "text" && ["object", "record", "array"].includes(issue.expected)) return "a text";
  return issue.expected === "string" && found.is === "other" ? `${found.noun} (quotes make it text)` : found.noun;
}

function mismatch(path: Path, found: string, expected: string | undefined): string {
  return `${prefix(path)}found ${found}, expected ${expected ?? "something else"}`;
}

function prefix(path: Path): string {
  const text = path.reduce<string>((before, part) => {
    if (typeof part === "number") return `${before}[${part}]`;
    return before === "" ? String(part) : `${before}.${String(part)}`;
  }, "");
  return text === "" ? "" : `${plainText(text, 200)}: `;
}

function quoted(key: unknown): string {
  return `"${plainText(String(key), 80)}"`;
}

interface About {
  readonly path: string;
  readonly file: YamlFile;
  readonly parseKey: (text: string) => KeyRef;
}

interface Checking extends About {
  readonly problems: Problem[];
}

/** What the schema cannot say: references that must be readable, principals that must have the vendor's shape. */
export function toConfig(
  raw: RawConfig,
  about: About,
): { readonly config: Config; readonly problems: readonly Problem[] } {
  const checking: Checking = { ...about, problems: [] };
  const vendors = new Map(Object.entries(raw.vendors ?? {}).map(([id, one]) => [id, vendorOf(id, one, checking)]));
  const share = raw.maxShare === undefined ? null : Number.parseFloat(raw.maxShare) / 100;
  const config: Config = {
    path: about.path,
    vendors,
    keys: keysOfFile(raw, vendors, checking),
    aws: {
      role: raw.aws?.role ?? null,
      accounts: new Map(
        Object.entries(raw.aws?.accounts ?? {}).map(([account, role]) => [account, role === "none" ? null : role]),
      ),
    },
    gcp: { impersonate: raw.gcp?.impersonate ?? null },
    oci: { profile: raw.oci?.profile ?? null },
    state: raw.state ?? null,
    concurrency: raw.concurrency ?? null,
    timeoutMs: milliseconds(raw.timeout),
    deadlineMs: milliseconds(raw.deadline),
    maxShare: share,
    probeEveryMs: milliseconds(raw.probeEvery),
    maxStaleMs: milliseconds(raw.maxStale),
    warnBeforeMs: milliseconds(raw.warnBefore),
    confirm: raw.confirm ?? null,
    coverage: raw.coverage ?? null,
    notify: Object.entries(raw.notify ?? {}).map(([name, one]) => targetOf(name, one, checking)),
    mutes: (raw.mutes ?? []).map((one, index) => muteOf(one, ["mutes", index], checking)),
    outputs: outputsOf(raw, checking),
  };
  return { config, problems: checking.problems };
}

function milliseconds(text: string | undefined): number | null {
  return text === undefined ? null : parseDuration(text);
}

function problem(checking: Checking, path: Path, text: string): void {
  checking.problems.push(checking.file.problemAt(path, prefix(path) + text));
}

type RawVendor = NonNullable<RawConfig["vendors"]>[string];
type RawPins = RawVendor["accessors"];

function vendorOf(id: VendorId, raw: RawVendor, checking: Checking): VendorConfig {
  knowsVendor(id, ["vendors", id], checking);
  const path = ["vendors", id];
  const projects = Object.entries(raw.projects ?? {}).map(
    ([name, one]) =>
      [name, { accessors: pinsOf(id, one?.accessors, [...path, "projects", name, "accessors"], checking) }] as const,
  );
  return {
    url: raw.url ?? null,
    token: raw.token ?? null,
    accessors: pinsOf(id, raw.accessors, [...path, "accessors"], checking),
    projects: new Map(projects),
  };
}

function knowsVendor(id: VendorId, path: Path, checking: Checking): void {
  const known = [...new Set(shippedPolicies().map((policy) => policy.vendor))];
  if (known.includes(id)) return;
  const text = `${prefix(path)}found the vendor ${quoted(id)}, expected one of: ${known.join(", ")}`;
  checking.problems.push(checking.file.problemAtKey(path, text));
}

function pinsOf(vendor: VendorId, raw: RawPins, path: Path, checking: Checking): Pins {
  const pins = new Map<CloudId, FieldValues>();
  for (const [cloud, fields] of Object.entries(raw ?? {})) {
    checkFields({ vendor, cloud: cloud as CloudId, fields }, [...path, cloud], checking);
    pins.set(cloud as CloudId, fields);
  }
  return pins;
}

interface PinnedFields {
  readonly vendor: VendorId;
  readonly cloud: CloudId;
  readonly fields: FieldValues;
}

/** A pin that can never fit would refuse everything, for ever: it is refused here. */
function checkFields({ vendor, cloud, fields }: PinnedFields, path: Path, checking: Checking): void {
  const policy = policyOf(vendor, cloud);
  if (policy === null) return;
  const known = Object.keys(policy.accessor.fields);
  for (const [name, value] of Object.entries(fields)) {
    const at = [...path, name];
    const field = Object.hasOwn(policy.accessor.fields, name) ? policy.accessor.fields[name] : undefined;
    if (field === undefined) {
      const text = `${prefix(path)}found the unknown field ${quoted(name)}, expected one of: ${known.join(", ")}`;
      checking.problems.push(checking.file.problemAtKey(at, text));
    } else if (!new RegExp(field.pattern, "u").test(value)) {
      problem(checking, at, `found ${quoted(value)}, expected ${field.shape}, such as ${field.example}`);
    }
  }
}

function keysOfFile(raw: RawConfig, vendors: Config["vendors"], checking: Checking): readonly ListedKey[] {
  const only = vendors.size === 1 ? [...vendors.keys()][0] : undefined;
  const listed = new Map<string, ListedKey>();
  for (const [index, one] of (raw.keys ?? []).entries()) {
    const path = ["keys", index];
    const vendor = one.vendor ?? only ?? "aiven";
    if (one.vendor !== undefined) knowsVendor(vendor, [...path, "vendor"], checking);
    const ref = keyRefOf(one.key, [...path, "key"], checking);
    if (ref === null) continue;
    const project = one.project ?? null;
    const id = JSON.stringify([vendor, project, ref.id]);
    if (listed.has(id))
      problem(checking, [...path, "key"], "found a key for the second time, expected it once for a vendor and project");
    const fields = one.accessor ?? wholePin({ vendor, project, cloud: ref.cloud }, vendors);
    if (one.accessor !== undefined)
      checkWhole({ vendor, cloud: ref.cloud, fields: one.accessor }, [...path, "accessor"], checking);
    if (fields === null && project === null) {
      problem(checking, path, "found neither accessor nor project, expected one: whose access is to be validated");
    }
    listed.set(id, { ref, vendor, project, accessor: fields === null ? null : { cloud: ref.cloud, fields } });
  }
  return [...listed.values()];
}

function keyRefOf(text: string, path: Path, checking: Checking): KeyRef | null {
  try {
    return checking.parseKey(text);
  } catch (error) {
    if (!(error instanceof KeygrantError)) throw error;
    problem(checking, path, `found no key reference: ${error.message} ${error.fix.replace(/\.$/, "")}`);
    return null;
  }
}

/** The pins of vendor and project, where they name a whole principal and not only a part of one. */
function wholePin(
  about: { readonly vendor: VendorId; readonly project: string | null; readonly cloud: CloudId },
  vendors: Config["vendors"],
): FieldValues | null {
  const vendor = vendors.get(about.vendor);
  const project = about.project === null ? undefined : vendor?.projects.get(about.project);
  const fields = { ...vendor?.accessors.get(about.cloud), ...project?.accessors.get(about.cloud) };
  return missingFields({ ...about, fields }).length === 0 && Object.keys(fields).length > 0 ? fields : null;
}

function checkWhole(pinned: PinnedFields, path: Path, checking: Checking): void {
  checkFields(pinned, path, checking);
  const missing = missingFields(pinned);
  if (missing.length > 0) problem(checking, path, `found no ${missing.join(", ")}, expected the whole principal`);
}

function missingFields({ vendor, cloud, fields }: PinnedFields): readonly string[] {
  const policy = policyOf(vendor, cloud);
  return policy === null ? [] : Object.keys(policy.accessor.fields).filter((name) => !Object.hasOwn(fields, name));
}

type RawTarget = NonNullable<RawConfig["notify"]>[string];
const TARGET_TIMEOUT_MS = 10_000;

function targetOf(name: string, raw: RawTarget, checking: Checking): NotifyConfig {
  const format = raw.format ?? "json";
  if (format === "slack" && !REFERENCE_PATTERN.test(raw.url)) {
    const text =
      "found an address, expected a reference to it (env:NAME, file:/path): whoever knows the address may post there";
    problem(checking, ["notify", name, "url"], text);
  }
  const timeoutMs = milliseconds(raw.timeout) ?? TARGET_TIMEOUT_MS;
  return { name, url: raw.url, secret: raw.secret ?? null, format, timeoutMs };
}

type RawMute = NonNullable<RawConfig["mutes"]>[number];
const DAY_MS = 86_400_000;

function muteOf(raw: RawMute, path: Path, checking: Checking): Mute {
  if (raw.code === undefined && raw.key === undefined && raw.project === undefined) {
    problem(checking, path, "found none of code, key and project, expected one: what is to be muted");
  }
  const start = Date.parse(raw.until);
  return {
    code: raw.code ?? null,
    key: raw.key ?? null,
    project: raw.project ?? null,
    reason: raw.reason,
    // A day alone counts to its end.
    until: new Date(raw.until.length === 10 ? start + DAY_MS : start),
  };
}

function outputsOf(raw: RawConfig, checking: Checking): Config["outputs"] {
  const outputs = Object.entries(raw.outputs ?? {}).map(([format, to]) => ({
    format: format as Config["outputs"][number]["format"],
    to,
  }));
  const twice = outputs.find((one, index) => outputs.findIndex((other) => other.to === one.to) < index);
  if (twice !== undefined) {
    problem(
      checking,
      ["outputs", twice.format],
      `found ${quoted(twice.to)} for the second time, expected another place for each format`,
    );
  }
  return outputs;
}
