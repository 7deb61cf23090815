import * as http from "node:http";
import * as https from "node:https";
import { GetKeyPolicyCommand, PutKeyPolicyCommand } from "@aws-sdk/client-kms";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { beforeEach, describe, expect, test } from "vitest";
import { revisionOf } from "../../../src/clouds/aws/meaning.ts";
import { createAwsCloud } from "../../../src/clouds/aws/provider.ts";
import { openAws } from "../../../src/clouds/aws/sdk.ts";
import { KeygrantError } from "../../../src/core/errors.ts";
import { type Change, type KeyFacts, seen } from "../../../src/core/model.ts";
import { ARN, FakeClock, factsWith, GRANT, KEY, OURS, policyText, ROLE, ROOT, SID } from "./helpers.ts";
import { mockAws } from "./mocked.ts";

const { kms, sts } = mockAws();
const CALLER = "arn:aws:iam::111122223333:user/platform-engineer";
const BEFORE = policyText(ROOT);
const AFTER = policyText(ROOT, OURS);
/** As AWS gives it back: another order, the account as it likes. */
const AFTER_AS_READ = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    { ...OURS, Action: ["kms:Decrypt", "kms:Encrypt"] },
    { ...ROOT, Principal: { AWS: "111122223333" } },
  ],
});
const INVALID = "Policy contains a statement with one or more invalid principals.";

let clock: FakeClock;
/** What the key's policy is. */
let policy: string;
/** What reads say before they say what the policy is; an error is thrown. */
let staleReads: (string | Error)[];
/** What writes answer before they work. */
let refusals: Error[];
let events: string[];
let deadline: AbortController;

beforeEach(() => {
  kms.reset();
  sts.reset();
  clock = new FakeClock();
  policy = BEFORE;
  staleReads = [];
  refusals = [];
  events = [];
  deadline = new AbortController();
  sts.on(GetCallerIdentityCommand).resolves({ Arn: CALLER });
  kms.on(GetKeyPolicyCommand).callsFake(() => {
    events.push("read");
    const stale = staleReads.shift();
    if (stale instanceof Error) throw stale;
    return { Policy: stale ?? policy };
  });
  kms.on(PutKeyPolicyCommand).callsFake((input) => {
    events.push("write");
    const refusal = refusals.shift();
    if (refusal !== undefined) throw refusal;
    policy = input.Policy;
    return { $metadata: { requestId: "request-1" } };
  });
});

function awsError(name: string, message = "", status = 400): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });
}

function cut(): Error {
  return Object.assign(new Error("socket hang up"), { name: "TimeoutError", code: "ECONNRESET" });
}

function cloud(settleTimeoutMs?: number) {
  const clients = openAws({
    credentials: { accessKeyId: "worthless", secretAccessKey: "worthless" },
    kmsEndpoint: "http://127.0.0.1:1",
    stsEndpoint: "http://127.0.0.1:1",
    agents: { http: new http.Agent(), https: new https.Agent() },
    requestTimeoutMs: 1000,
    attempts: 1,
    jitter: () => 0,
  });
  const random = (size: number) => new Uint8Array(size);
  return createAwsCloud({ clients, clock, random, jitter: () => 1, signal: deadline.signal, settleTimeoutMs });
}

function changeOf(text = BEFORE, want: "present" | "absent" = "present"): Change {
  const change = cloud().plan(factsWith(text, revisionOf(text)), GRANT, want);
  if (change === null) throw new Error("nothing to change");
  return change;
}

async function write(change = changeOf(), settleReads = 3, settleTimeoutMs?: number) {
  const beforeWrite = async (caller: string | null) => {
    events.push(`backup for ${caller}`);
  };
  return cloud(settleTimeoutMs).apply(change, { settleReads, beforeWrite });
}

async function failure(change?: Change): Promise<KeygrantError> {
  try {
    await write(change);
  } catch (error) {
    if (error instanceof KeygrantError) return error;
    throw error;
  }
  throw new Error("it worked");
}

const writes = () => events.filter((event) => event === "write").length;
const bodyOf = (facts: KeyFacts) => facts.documents[0]?.body;

describe("a write that works", () => {
  test("reads, lets back up, writes, and reads until three agree", async () => {
    const applied = await write();
    expect(events).toEqual(["read", `backup for ${CALLER}`, "write", "read", "read", "read"]);
    expect(clock.slept).toEqual([1000, 1000]);
    expect(kms.commandCalls(PutKeyPolicyCommand)[0]?.args[0].input).toEqual({
      KeyId: ARN,
      PolicyName: "default",
      Policy: AFTER,
    });
    expect(applied).toEqual({
      caller: CALLER,
      requestIds: ["request-1"],
      facts: factsWith(AFTER, revisionOf(AFTER)),
    });
  });

  test("whatever order AWS gives it back in", async () => {
    policy = JSON.stringify({ Statement: [{ ...ROOT, Principal: { AWS: ["111122223333"] } }], Version: "2012-10-17" });
    kms.on(PutKeyPolicyCommand).callsFake(() => {
      policy = AFTER_AS_READ;
      return { $metadata: {} };
    });
    const applied = await write();
    expect(applied.requestIds).toEqual([]);
    expect(bodyOf(applied.facts)).toEqual(seen({ text: AFTER_AS_READ, revision: revisionOf(AFTER) }));
  });

  test("across stale, flapping and failing reads", async () => {
    const change = changeOf();
    staleReads = [BEFORE, BEFORE, AFTER, BEFORE, AFTER, AFTER, awsError("ThrottlingException"), AFTER, cut()];
    const applied = await write(change);
    expect(bodyOf(applied.facts)).toEqual(seen({ text: AFTER, revision: revisionOf(AFTER) }));
    expect(events.filter((event) => event === "read")).toHaveLength(9 + 3);
  });

  test("somebody changed something else a moment later", async () => {
    const change = changeOf();
    const more = policyText(ROOT, OURS, { ...ROOT, Sid: "theirs" });
    staleReads = [BEFORE, AFTER, more, more, more];
    const applied = await write(change);
    expect(bodyOf(applied.facts)).toMatchObject({ known: true, value: { text: more } });
  });

  test("AWS would not say who the caller is", async () => {
    sts.on(GetCallerIdentityCommand).rejects(awsError("AccessDenied", "", 403));
    expect((await write()).caller).toBeNull();
    expect(events).toContain("backup for null");
  });

  test("the grant comes out again", async () => {
    policy = AFTER;
    await write(changeOf(AFTER, "absent"));
    expect(policy).toBe(BEFORE);
  });
});

describe("refused before anything is written", () => {
  test("a policy that has changed since the plan", async () => {
    const change = changeOf();
    policy = policyText(ROOT, { ...ROOT, Sid: "theirs" });
    expect(await failure(change)).toMatchObject({ kind: "refused", code: "change.stale" });
    expect(events).toEqual(["read"]);
  });

  test("a policy that cannot be read any more", async () => {
    staleReads = [awsError("AccessDeniedException")];
    expect(await failure()).toMatchObject({ kind: "look", code: "look.denied" });
    expect(events).toEqual(["read"]);
  });

  test("a backup that fails", async () => {
    const broken = async () => {
      throw new Error("disk full");
    };
    await expect(cloud().apply(changeOf(), { settleReads: 3, beforeWrite: broken })).rejects.toThrow("disk full");
    expect(writes()).toBe(0);
  });
});

describe("writes that AWS refuses", () => {
  test.each<[string, string, string, string]>([
    [
      "AccessDeniedException",
      "because no resource-based policy allows the kms:PutKeyPolicy action",
      "write.denied",
      "kms:PutKeyPolicy (no resource-based policy",
    ],
    [
      "MalformedPolicyDocumentException",
      "The new key policy will not allow you to update the key policy in the future.",
      "write.lockout",
      "could not change it any more",
    ],
    ["MalformedPolicyDocumentException", "Syntax errors in policy.", "write.malformed", "Syntax errors"],
    ["LimitExceededException", "too long", "change.too-large", "32768 bytes"],
    [
      "ValidationException",
      "Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to 131072",
      "change.too-large",
      "32768 bytes",
    ],
    ["ValidationException", "something else", "write.refused", "something else"],
    ["KMSInvalidStateException", `${ARN} is pending deletion.`, "write.refused", "pending deletion"],
    ["UnsupportedOperationException", "not for this key", "write.refused", "not for this key"],
    ["NotFoundException", `Key '${ARN}' does not exist`, "write.refused", "does not exist"],
  ])("%s %j at once: %s", async (name, message, code, says) => {
    refusals = [awsError(name, message)];
    const error = await failure();
    expect(error).toMatchObject({ kind: "refused", code });
    expect(error.message).toContain("Nothing was written to the key policy");
    expect(error.message).toContain(says);
    expect(clock.slept).toEqual([]);
    expect(policy).toBe(BEFORE);
  });

  test.each([
    ["ExpiredTokenException", "look.credentials"],
    ["InvalidArnException", "look.misconfigured"],
  ])("%s: could not be asked, at once", async (name, code) => {
    refusals = [awsError(name)];
    expect(await failure()).toMatchObject({
      kind: "look",
      code,
      message: expect.stringContaining("Nothing was written"),
    });
    expect(writes()).toBe(1);
  });

  test("throttling is waited for", async () => {
    refusals = Array.from({ length: 4 }, () => awsError("ThrottlingException"));
    expect((await write()).requestIds).toEqual(["request-1"]);
    expect(clock.slept.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
  });

  test("but not for ever", async () => {
    refusals = Array.from({ length: 99 }, () => awsError("ThrottlingException"));
    expect(await failure()).toMatchObject({ kind: "look", code: "look.throttled" });
    expect(clock.slept.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(120_000);
  });
});

describe("a principal that AWS does not know", () => {
  const invalid = () => awsError("MalformedPolicyDocumentException", INVALID);

  test("is waited for: it may be seconds old", async () => {
    refusals = [invalid(), invalid(), invalid()];
    await write();
    expect(policy).toBe(AFTER);
    expect(clock.slept.slice(0, 3)).toEqual([1000, 2000, 4000]);
    // Before each attempt the policy is read again.
    expect(events.slice(0, 8)).toEqual([
      "read",
      `backup for ${CALLER}`,
      ...["write", "read", "write", "read", "write", "read"],
    ]);
  });

  test("is named after two minutes, with its statement", async () => {
    refusals = Array.from({ length: 99 }, invalid);
    const error = await failure();
    expect(error).toMatchObject({ kind: "refused", code: "write.invalid-principal" });
    expect(error.message).toContain(`Suspected: ${ROLE} (statement "${SID}")`);
    expect(error.message).not.toContain("root");
    expect(error.fix).toContain("Confirm the new principal with the vendor");
    const slept = clock.slept.reduce((sum, one) => sum + one, 0);
    expect(slept).toBeGreaterThan(90_000);
    expect(slept).toBeLessThanOrEqual(120_000);
    expect(policy).toBe(BEFORE);
  });

  test("the new ones come first, then those that were deleted", async () => {
    const orphan = { ...ROOT, Sid: "old", Principal: { AWS: ["AROA1234567890EXAMPLE", CALLER] } };
    policy = policyText(ROOT, orphan);
    const change = changeOf(policy);
    refusals = Array.from({ length: 99 }, invalid);
    const error = await failure(change);
    expect(error.message).toContain(
      `Suspected: ${ROLE} (statement "${SID}"); AROA1234567890EXAMPLE (statement "old").`,
    );
    expect(error.message).not.toContain(CALLER);
    expect(error.fix).toContain("--prune-orphans");
  });

  test("when neither is there, all that it can be", async () => {
    policy = policyText(ROOT, { ...ROOT, Sid: "a", Principal: { AWS: CALLER } }, OURS);
    const change = changeOf(policy, "absent");
    refusals = Array.from({ length: 99 }, invalid);
    expect((await failure(change)).message).toContain(`Suspected: ${CALLER} (statement "a").`);
  });

  test("somebody who writes meanwhile is not overwritten", async () => {
    const theirs = policyText(ROOT, { ...ROOT, Sid: "theirs" });
    refusals = [invalid(), invalid()];
    clock.onSleep = () => {
      policy = theirs;
    };
    expect(await failure()).toMatchObject({ kind: "refused", code: "change.stale" });
    expect(policy).toBe(theirs);
    expect(writes()).toBe(1);
  });

  test("the deadline of the command ends the wait", async () => {
    refusals = Array.from({ length: 99 }, invalid);
    clock.onSleep = (total) => {
      if (total > 5000) deadline.abort();
    };
    expect(await failure()).toMatchObject({ code: "write.invalid-principal" });
    expect(policy).toBe(BEFORE);
  });
});

describe("a write without an answer", () => {
  /** The answer is lost; the write itself arrives, or does not. */
  function lose(...arrives: boolean[]): void {
    kms.on(PutKeyPolicyCommand).callsFake((input) => {
      events.push("write");
      const arrived = arrives.shift();
      if (arrived !== false) policy = input.Policy;
      if (arrived === undefined) return { $metadata: { requestId: "request-1" } };
      throw cut();
    });
  }

  test("that has arrived is not written again", async () => {
    lose(true);
    const applied = await write();
    expect(writes()).toBe(1);
    expect(applied.requestIds).toEqual([]);
    expect(bodyOf(applied.facts)).toMatchObject({ known: true, value: { text: AFTER } });
  });

  test("that has arrived, though the first reads are old", async () => {
    lose(true);
    const change = changeOf();
    staleReads = [BEFORE, BEFORE, cut(), BEFORE];
    await write(change);
    expect(writes()).toBe(1);
  });

  test("that has not arrived is written again, after as many reads as are believed", async () => {
    lose(false);
    const applied = await write();
    expect(writes()).toBe(2);
    expect(applied.requestIds).toEqual(["request-1"]);
    const between = events.slice(events.indexOf("write") + 1, events.lastIndexOf("write"));
    expect(between).toEqual(["read", "read", "read", "read"]);
  });

  test("three times is enough", async () => {
    lose(false, false, false, false);
    expect(await failure()).toMatchObject({ kind: "look", code: "look.unreachable" });
    expect(writes()).toBe(3);
    expect(policy).toBe(BEFORE);
  });

  test.each([
    ["a server error", awsError("KMSInternalException", "", 500)],
    ["a proxy's page", Object.assign(new SyntaxError("<"), { $metadata: { httpStatusCode: 200 } })],
    ["a time-out", Object.assign(new Error("x"), { name: "TimeoutError", code: "ETIMEDOUT" })],
  ])("%s counts as one", async (_, error) => {
    kms.on(PutKeyPolicyCommand).callsFake((input) => {
      events.push("write");
      policy = input.Policy;
      throw error;
    });
    await write();
    expect(writes()).toBe(1);
  });

  test("somebody else has written since", async () => {
    lose(true);
    const theirs = policyText(ROOT, { ...ROOT, Sid: "theirs" });
    const change = changeOf();
    staleReads = [BEFORE, theirs, theirs, theirs];
    expect(await failure(change)).toMatchObject({ kind: "look", code: "change.clobbered" });
    expect(writes()).toBe(1);
  });

  test("and nothing can be read any more", async () => {
    lose(true);
    const change = changeOf();
    staleReads = [BEFORE, awsError("AccessDeniedException")];
    const error = await failure(change);
    expect(error).toMatchObject({ kind: "look", code: "look.unreachable" });
    expect(error.message).toContain("could not be found out");
  });

  test("the deadline of the command", async () => {
    kms.on(PutKeyPolicyCommand).rejects(Object.assign(new Error("Request aborted"), { name: "AbortError" }));
    expect(await failure()).toMatchObject({ kind: "look", code: "look.timeout" });
  });

  test("one that never left is sent again", async () => {
    refusals = [Object.assign(new Error("x"), { code: "ECONNREFUSED" })];
    await write();
    expect(policy).toBe(AFTER);
  });
});

describe("reads that do not settle", () => {
  test("on what somebody else wrote over it", async () => {
    const theirs = policyText(ROOT, { ...ROOT, Sid: "theirs" });
    const change = changeOf();
    staleReads = [BEFORE, AFTER, AFTER, theirs, theirs, theirs];
    const error = await failure(change);
    expect(error).toMatchObject({ kind: "look", code: "change.clobbered" });
    expect(error.fix).toContain("Terraform");
  });

  test("within the propagation window are handed on as they are", async () => {
    const change = changeOf();
    staleReads = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? BEFORE : AFTER));
    const applied = await write(change, 3, 30_000);
    expect(bodyOf(applied.facts)).toEqual(seen({ text: BEFORE, revision: revisionOf(BEFORE) }));
    expect(applied.requestIds).toEqual(["request-1"]);
    expect(clock.slept.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(30_000);
  });

  test("because the caller has locked itself out of reading", async () => {
    const change = changeOf();
    staleReads = [BEFORE, awsError("AccessDeniedException")];
    const applied = await write(change);
    expect(bodyOf(applied.facts)).toMatchObject({ known: false, why: { code: "look.denied" } });
  });

  test("because the deadline of the command is over", async () => {
    const change = changeOf();
    staleReads = Array.from({ length: 9 }, () => BEFORE);
    clock.onSleep = () => deadline.abort();
    const applied = await write(change);
    expect(applied.requestIds).toEqual(["request-1"]);
    expect(bodyOf(applied.facts)).toMatchObject({ known: true, value: { text: BEFORE } });
  });
});

test("a replica is written in its region", async () => {
  const arnIn = (region: string) => ARN.replace("eu-west-1", region);
  const facts = factsWith(AFTER, revisionOf(AFTER));
  const replica = { id: "replica:us-east-1", title: "the key policy of the replica in us-east-1", body: bodyOf(facts) };
  const both = { ...facts, documents: [...facts.documents, replica] } as KeyFacts;
  const change = cloud().plan(both, GRANT, "absent");
  if (change === null) throw new Error("nothing to change");
  const policies = new Map([ARN, arnIn("us-east-1")].map((arn) => [arn, AFTER]));
  kms.on(GetKeyPolicyCommand).callsFake(({ KeyId }) => ({ Policy: policies.get(KeyId) }));
  kms.on(PutKeyPolicyCommand).callsFake(({ KeyId, Policy }) => {
    policies.set(KeyId, Policy);
    return { $metadata: { requestId: KeyId } };
  });
  const applied = await write(change);
  expect([...policies.values()]).toEqual([BEFORE, BEFORE]);
  expect(applied.requestIds).toEqual([ARN, arnIn("us-east-1")]);
  expect(applied.facts.ref).toEqual(KEY);
  for (const { body } of applied.facts.documents) expect(body).toMatchObject({ value: { text: BEFORE } });
});
