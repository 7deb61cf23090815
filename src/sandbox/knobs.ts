import { usageError } from "../core/errors.ts";
import { type AivenKnobs, DEFAULT_AIVEN_KNOBS } from "./aiven/knobs.ts";
import { FAULT_KINDS, parseFault } from "./faults.ts";
import { DEFAULT_GCP_KNOBS, type GcpKnobs } from "./gcp/knobs.ts";
import type { SandboxKnobs } from "./module.ts";
import { DEFAULT_OCI_KNOBS, type OciKnobs } from "./oci/knobs.ts";

/** Everything that can be turned while the sandbox runs. */
export interface Knobs extends SandboxKnobs, AivenKnobs, GcpKnobs, OciKnobs {
  /** How long every answer to the outside is held back, in milliseconds. */
  readonly latencyMs: number;
  /** `<kind>=<rate>[x<times>][@<part of the operation or path>]`, the first that strikes wins. */
  readonly faults: readonly string[];
}

export const DEFAULT_KNOBS: Knobs = {
  propagationMs: 0,
  vendorAwsEndpoint: null,
  latencyMs: 0,
  faults: [],
  ...DEFAULT_AIVEN_KNOBS,
  ...DEFAULT_GCP_KNOBS,
  ...DEFAULT_OCI_KNOBS,
};

type Check = (value: unknown) => boolean;

function milliseconds(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function strings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function flag(value: unknown): boolean {
  return typeof value === "boolean";
}

function oneOf(...words: readonly unknown[]): Check {
  return (value) => words.includes(value);
}

function endpoint(value: unknown): boolean {
  return value === null || (typeof value === "string" && URL.canParse(value));
}

const CHECKS: { readonly [K in keyof Knobs]: readonly [Check, string] } = {
  propagationMs: [milliseconds, "milliseconds, 0 or more"],
  vendorAwsEndpoint: [endpoint, "a URL, or null"],
  latencyMs: [milliseconds, "milliseconds, 0 or more"],
  faults: [strings, `a list of <kind>=<rate>, kinds ${FAULT_KINDS.join(", ")}`],
  accessorSpelling: [oneOf("role_arn", "principal"), "role_arn or principal"],
  accessCheck: [oneOf("honest", "always-200", "absent"), "honest, always-200 or absent"],
  duplicates: [oneOf("refuse", "create", "return"), "refuse, create or return"],
  registerStatus: [oneOf(200, 201), "200 or 201"],
  refusalStatus: [oneOf(400, 403, 409, 422), "400, 403, 409 or 422"],
  refusalErrorCode: [(value) => value === null || typeof value === "string", "a word, or null"],
  cmkFields: [oneOf("page", "schema"), "page or schema"],
  associationsInGet: [flag, "true or false"],
  deletedListed: [flag, "true or false"],
  activatingMs: [milliseconds, "milliseconds, 0 or more"],
  stuckServices: [strings, "a list of service names"],
  cmkIdInServiceList: [flag, "true or false"],
  ociRegions: [strings, "a list of regions"],
  gcpAllowedDomains: [(value) => value === null || strings(value), "a list of domains, or null"],
  ociIdentityRegion: [(value) => value === null || typeof value === "string", "a region, or null"],
  ociDenyVerb: [oneOf("same", "wider-too"), "same or wider-too"],
  ociTransitionMs: [milliseconds, "milliseconds, 0 or more"],
};

function isKnob(name: string): name is keyof Knobs {
  return Object.hasOwn(CHECKS, name);
}

/** Checks what came from a command line, a test or `POST /_sandbox/knobs`; what is undefined is left out. */
export function readKnobs(input: Readonly<Record<string, unknown>>): Partial<Knobs> {
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue;
    if (!isKnob(name)) {
      throw usageError(
        "sandbox.knob",
        `The sandbox has no knob ${JSON.stringify(name)}.`,
        `The knobs are ${Object.keys(CHECKS).join(", ")}.`,
      );
    }
    const [check, wanted] = CHECKS[name];
    if (!check(value)) {
      throw usageError(
        "sandbox.knob",
        `The sandbox's knob ${name} cannot be ${JSON.stringify(value)}.`,
        `Give it ${wanted}.`,
      );
    }
    given[name] = value;
  }
  const { faults } = given;
  if (Array.isArray(faults)) for (const fault of faults) parseFault(String(fault));
  return given;
}
