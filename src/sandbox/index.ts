import { createAivenModule } from "./aiven/module.ts";
import { type SandboxKey as AwsSandboxKey, awsKeys } from "./aws/keys.ts";
import { awsModule } from "./aws/module.ts";
import { awsAuditorEnv, awsEnv } from "./env.ts";
import { type GcpSandboxKey, gcpKeys } from "./gcp/keys.ts";
import { createGcpModule } from "./gcp/module.ts";
import { canUseGcp } from "./gcp/vendor.ts";
import type { Knobs } from "./knobs.ts";
import type { SandboxModule } from "./module.ts";
import { type OciSandboxKey, ociKeys } from "./oci/keys.ts";
import { createOciModule } from "./oci/module.ts";
import { regionOf } from "./oci/regions.ts";
import { canUseOci } from "./oci/vendor.ts";
import { openWith, type RunningSandbox, type Sandbox, type SandboxOptions, startWith } from "./sandbox.ts";

export { writeEnvFile } from "./env.ts";
export { FAULT_KINDS, type FaultKind } from "./faults.ts";
export { DEFAULT_KNOBS, type Knobs } from "./knobs.ts";
export type { SandboxMode } from "./lock.ts";
export type { SandboxReply } from "./module.ts";
export type { ObservedRequest, RequestRecord } from "./request.ts";
export {
  type RunningSandbox,
  resetSandbox,
  type Sandbox,
  type SandboxOptions,
  sandboxStateDir,
  setProject,
} from "./sandbox.ts";
export type { OnRequest } from "./server.ts";

function modules(knobs: Knobs): readonly SandboxModule<unknown>[] {
  const aiven = createAivenModule({
    knobs,
    use: {
      async aws(accessor, resource, context) {
        const { canUse } = await import("./aws/vendor.ts");
        return await canUse(accessor["role_arn"] ?? accessor["principal"] ?? "", resource, context);
      },
      gcp: (accessor, resource, context) => canUseGcp(accessor["access_group"] ?? "", resource, context),
      async oci(accessor, resource, context) {
        if (knobs.ociRegions.includes(regionOf(resource))) return await canUseOci(accessor, resource, context);
        return { ok: false, reason: "the vendor does not offer the key's region", generic: true };
      },
    },
  });
  const aws = { ...awsModule, serves: "AWS KMS and STS, by POST to /", env: awsEnv, auditorEnv: awsAuditorEnv };
  return [aiven, aws, createGcpModule(knobs), createOciModule(knobs)];
}

/** Starts a sandbox of one's own: `sandbox start`, and tests. */
export function startSandbox(options: SandboxOptions): Promise<RunningSandbox> {
  return startWith(modules, options);
}

/** What `--sandbox` uses: the sandbox that runs on the folder already, or one inside this command. */
export function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  return openWith(modules, options);
}

export type SandboxKey = AwsSandboxKey | GcpSandboxKey | OciSandboxKey;

/** The keys of a fresh world, cloud by cloud, with what is wrong with each. */
export function sandboxKeys(): readonly SandboxKey[] {
  return [...awsKeys(), ...gcpKeys(), ...ociKeys()];
}
