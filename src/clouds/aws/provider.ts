import type { Cloud } from "../../core/cloud.ts";
import type { Clock, Jitter, RandomBytes } from "../../core/ports.ts";
import { access } from "./access.ts";
import { checkAccessor } from "./accessor.ts";
import { applyChange } from "./apply.ts";
import { awsCheckup } from "./checkup.ts";
import { elsewhere, maybeSame } from "./elsewhere.ts";
import { inspect } from "./inspect.ts";
import type { AwsClients } from "./kms.ts";
import { plan } from "./plan.ts";
import { probe } from "./probe.ts";

export interface AwsCloudDeps {
  readonly clients: AwsClients;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly jitter: Jitter;
  /** Aborted when the command's deadline has passed: no call begins or goes on after it. */
  readonly signal?: AbortSignal | undefined;
  /** How long reads may stay old after a write before they are believed, in milliseconds: the propagation window. */
  readonly settleTimeoutMs?: number | undefined;
  /** Where to ask about no key in particular. */
  readonly region?: string | undefined;
}

/** DESIGN, "Phases": the propagation window of AWS. */
const SETTLE_TIMEOUT_MS = 300_000;

/** AWS KMS, for one set of credentials. No I/O. */
export function createAwsCloud({ settleTimeoutMs = SETTLE_TIMEOUT_MS, signal, ...rest }: AwsCloudDeps): Cloud {
  const deps = { ...rest, signal, settleTimeoutMs };
  return {
    id: "aws",
    checkAccessor,
    inspect: (key, about, options) => inspect(deps, key, about, options),
    plan: (facts, grant, want, options = {}) => plan(facts, grant, want, options),
    apply: (change, options) => applyChange(deps, change, options),
    access,
    elsewhere,
    maybeSame,
    probe: (facts, options) => probe(deps, facts, options.as),
    checkup: awsCheckup(deps),
  };
}
