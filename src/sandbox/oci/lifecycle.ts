import { type Answer, type Call, freshEtag, matchEtag, text } from "./call.ts";
import { invalidParameter } from "./errors.ts";
import { keyOfPath, needState } from "./keyring.ts";
import { answer } from "./keys-api.ts";
import { daysAfter, type Life, type LifecycleState, pass } from "./world.ts";

// https://docs.oracle.com/iaas/api/#/en/key/release/Key/ and …/Content/KeyManagement/Tasks/managingkeys.htm

const LEAST_DAYS = 7;
const MOST_DAYS = 30;

export function enableKey(call: Call): Answer {
  return change(call, "KEY_UPDATE", "DISABLED", "ENABLING");
}

export function disableKey(call: Call): Answer {
  return change(call, "KEY_UPDATE", "ENABLED", "DISABLING");
}

function change(call: Call, permission: string, from: LifecycleState, through: LifecycleState): Answer {
  const key = keyOfPath(call, permission);
  matchEtag(call, key.etag);
  needState(key, call.now, from);
  pass(key, through, call.now, call.knobs.ociTransitionMs);
  key.etag = freshEtag(call);
  return answer(call, key, through);
}

export function scheduleKeyDeletion(call: Call): Answer {
  const key = keyOfPath(call, "KEY_DELETE");
  matchEtag(call, key.etag);
  scheduleDeletion(call, key, needState(key, call.now, "ENABLED", "DISABLED"));
  key.etag = freshEtag(call);
  return answer(call, key, "SCHEDULING_DELETION");
}

/** Gives the key back the state that it had before. */
export function cancelKeyDeletion(call: Call): Answer {
  const key = keyOfPath(call, "KEY_DELETE");
  matchEtag(call, key.etag);
  needState(key, call.now, "PENDING_DELETION");
  cancelDeletion(call, key);
  key.etag = freshEtag(call);
  return answer(call, key, "CANCELLING_DELETION");
}

/** Between 7 and 30 days from now, 30 unless said otherwise. */
export function scheduleDeletion(call: Call, life: Life, state: LifecycleState): void {
  const { now, knobs } = call;
  const time = text(call, "timeOfDeletion") ?? daysAfter(now, MOST_DAYS);
  const days = (Date.parse(time) - now.getTime()) / 86_400_000;
  if (!(days >= LEAST_DAYS && days <= MOST_DAYS)) {
    throw invalidParameter(`timeOfDeletion must be between ${LEAST_DAYS} and ${MOST_DAYS} days from now.`);
  }
  life.beforeDeletion = state === "DISABLED" ? "DISABLED" : "ENABLED";
  life.deletionAt = new Date(time).toISOString();
  pass(life, "SCHEDULING_DELETION", now, knobs.ociTransitionMs);
}

export function cancelDeletion({ now, knobs }: Call, life: Life): void {
  life.deletionAt = null;
  pass(life, "CANCELLING_DELETION", now, knobs.ociTransitionMs);
}
