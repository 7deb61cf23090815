import type { Cloud } from "../../core/cloud.ts";
import type { Clock, Jitter, RandomBytes } from "../../core/ports.ts";
import { access } from "./access.ts";
import { checkAccessor } from "./accessor.ts";
import { applyChange } from "./apply.ts";
import { gcpCheckup } from "./checkup.ts";
import { inspect, newShared } from "./inspect.ts";
import { maybeSame } from "./key.ts";
import type { GcpPort } from "./kms.ts";
import { plan } from "./plan.ts";
import { probe } from "./probe.ts";

export interface GcpCloudDeps {
  readonly port: GcpPort;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly jitter: Jitter;
  /** Aborted when the command's deadline has passed: no call begins or goes on after it. */
  readonly signal?: AbortSignal | undefined;
  /** The service account that makes the round trip when nobody says another; null: the caller itself. */
  readonly impersonate?: string | null | undefined;
  /** How often a call that changes nothing is made at most. */
  readonly attempts?: number | undefined;
  /** How long reads may stay old after a write before they are believed, in milliseconds: the propagation window. */
  readonly settleTimeoutMs?: number | undefined;
}

/** DESIGN, "Phases": the propagation window of Google Cloud. */
const SETTLE_TIMEOUT_MS = 600_000;
const ATTEMPTS = 4;

/** Google Cloud KMS, for one caller. No I/O. Policies of rings and projects are read once in its life. */
export function createGcpCloud(given: GcpCloudDeps): Cloud {
  const { signal = new AbortController().signal, attempts = ATTEMPTS, settleTimeoutMs = SETTLE_TIMEOUT_MS } = given;
  const deps = { ...given, signal, attempts, settleTimeoutMs, shared: newShared() };
  return {
    id: "gcp",
    checkAccessor,
    inspect: (key, about, { thorough = false } = {}) =>
      inspect(thorough ? { ...deps, shared: newShared() } : deps, key, about),
    plan: (facts, grant, want, options = {}) => plan(facts, grant, want, options, deps.clock.now()),
    apply: (change, options) => applyChange(deps, change, options),
    access: (facts, grant) => access(facts, grant, deps.clock.now()),
    maybeSame,
    probe: (facts, options) => probe(deps, facts, options.as ?? given.impersonate ?? null),
    checkup: gcpCheckup(deps, given.impersonate ?? null),
  };
}
