import { AwsError, invalidState } from "./errors.ts";
import type { KeyStateName, KmsKey } from "./world.ts";

type Kind = "use" | "grant" | "manage" | "toggle" | "rotate" | "delete" | "import";

/**
 * What an operation does with a key in a state that does not suit it.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html, table and footnotes. Reading a key, its policy
 * and its grants, and writing its policy, go in every state.
 */
export function checkState(key: KmsKey, state: KeyStateName, kind: Kind): void {
  if (state === "PendingDeletion" || state === "PendingReplicaDeletion") {
    throw invalidState(key.arn, state === "PendingDeletion" ? "pending deletion" : "pending replica deletion");
  }
  if (kind === "manage" || kind === "delete" || kind === "import") return;
  if (state === "PendingImport") throw invalidState(key.arn, "pending import");
  if (state === "Creating") throw invalidState(key.arn, "creating");
  if (state === "Updating" && kind === "toggle") throw invalidState(key.arn, "updating");
  if (kind === "toggle") return;
  if (state === "Disabled") throw new AwsError("DisabledException", `${key.arn} is disabled.`);
  if (state === "Unavailable" && kind === "use") throw invalidState(key.arn, "unavailable");
}
