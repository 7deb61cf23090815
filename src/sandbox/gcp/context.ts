import type { SandboxContext } from "../module.ts";
import type { GcpKnobs } from "./knobs.ts";
import type { GcpWorld } from "./world.ts";

/** What any call is answered with, before anybody knows who asks. */
export interface RequestContext {
  readonly world: GcpWorld;
  readonly context: SandboxContext;
  readonly knobs: GcpKnobs;
  readonly now: Date;
  /** Google's own name for the method: `google.cloud.kms.v1.KeyManagementService.Encrypt`. */
  readonly operation: string;
}
