import type { Cloud } from "../../core/cloud.ts";
import type { Clock, Jitter, RandomBytes } from "../../core/ports.ts";
import { access } from "./access.ts";
import { checkAccessor } from "./accessor.ts";
import type { OciClients } from "./api.ts";
import { statementReader } from "./applies.ts";
import { applyChange } from "./apply.ts";
import { ociCheckup } from "./checkup.ts";
import { createEndpoints, type EndpointSettings } from "./endpoints.ts";
import { inspect } from "./inspect.ts";
import { type GrantForm, plan } from "./plan.ts";
import { probe } from "./probe.ts";
import { createReader } from "./reads.ts";

export interface OciCloudDeps {
  readonly clients: OciClients;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly jitter: Jitter;
  /** Aborted when the command's deadline has passed. */
  readonly signal?: AbortSignal | undefined;
  /** Where things answer, and how grants are written. */
  readonly oci: EndpointSettings & Partial<GrantForm>;
  /** How long reads may stay old after a write before they are believed, in milliseconds: the propagation window. */
  readonly settleTimeoutMs?: number | undefined;
}

/** DESIGN, "Phases": the propagation window of OCI. */
const SETTLE_TIMEOUT_MS = 120_000;

/**
 * OCI Vault, for one set of credentials. No I/O. Policies are read once in the life of this object, for all keys that
 * share a path: whoever wants to see what others have changed since opens another one.
 */
export function createOciCloud({ settleTimeoutMs = SETTLE_TIMEOUT_MS, signal, oci, ...rest }: OciCloudDeps): Cloud {
  const form: GrantForm = { scope: oci.scope ?? "key", noExport: oci.noExport ?? false };
  const endpoints = createEndpoints(oci, rest.clients);
  const openReader = () => createReader({ clients: rest.clients, endpoints });
  const reader = openReader();
  const read = statementReader();
  const deps = { ...rest, endpoints, reader, form, signal, settleTimeoutMs };
  return {
    id: "oci",
    checkAccessor,
    inspect: (key, about, { thorough = false } = {}) =>
      inspect(thorough ? { ...deps, reader: openReader() } : deps, key, about),
    plan: (facts, grant, want, options = {}) => plan(facts, grant, want, form, options),
    apply: (change, options) => applyChange(deps, change, options),
    access: (facts, grant) => access(facts, grant, read),
    probe: (facts, options) => probe(deps, facts, options.as),
    checkup: ociCheckup(deps),
  };
}
