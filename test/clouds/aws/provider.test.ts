import * as http from "node:http";
import * as https from "node:https";
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListGrantsCommand,
} from "@aws-sdk/client-kms";
import { AssumeRoleCommand } from "@aws-sdk/client-sts";
import { beforeEach, describe, expect, test } from "vitest";
import { describe as describeKey } from "../../../src/clouds/aws/describe.ts";
import { revisionOf } from "../../../src/clouds/aws/meaning.ts";
import { PROBE_CONTEXT } from "../../../src/clouds/aws/probe.ts";
import { createAwsCloud } from "../../../src/clouds/aws/provider.ts";
import { openAws } from "../../../src/clouds/aws/sdk.ts";
import { LookError } from "../../../src/core/errors.ts";
import type { KeyFacts, KeyRef } from "../../../src/core/model.ts";
import { unseen } from "../../../src/core/model.ts";
import { ARN, FakeClock, factsWith, GRANT, KEY, METADATA, OURS, policyText, ROLE, ROOT, SID } from "./helpers.ts";
import { mockAws } from "./mocked.ts";

const { kms, sts } = mockAws();
const MATERIAL = Uint8Array.from({ length: 32 }, (_, index) => index);

/** The buffers that were handed out as random, to see what becomes of them. */
let random: Uint8Array[];

beforeEach(() => {
  kms.reset();
  sts.reset();
  random = [];
});

function open() {
  const clients = openAws({
    credentials: { accessKeyId: "worthless", secretAccessKey: "worthless" },
    kmsEndpoint: "http://127.0.0.1:1",
    stsEndpoint: "http://127.0.0.1:1",
    agents: { http: new http.Agent(), https: new https.Agent() },
    requestTimeoutMs: 1000,
    attempts: 1,
    jitter: () => 0,
  });
  return createAwsCloud({
    clients,
    clock: new FakeClock(),
    random: () => {
      const bytes = Uint8Array.from(MATERIAL);
      random.push(bytes);
      return bytes;
    },
    jitter: () => 0,
  });
}

function awsError(name: string, message = "", status = 400): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status }, $fault: "client" });
}

function answerHealthy(text = policyText(ROOT, OURS), metadata: object = METADATA): void {
  kms.on(DescribeKeyCommand).resolves({ KeyMetadata: metadata as never });
  kms.on(GetKeyPolicyCommand).resolves({ Policy: text, PolicyName: "default" });
  kms.on(GetKeyRotationStatusCommand).resolves({ KeyRotationEnabled: true });
  kms.on(ListGrantsCommand).resolves({ Grants: [], Truncated: false });
}

const calls = () => kms.calls().map(({ args: [command] }) => command.constructor.name);
const bodyOf = (facts: KeyFacts, id = "key-policy") => facts.documents.find((one) => one.id === id)?.body;

describe("inspect", () => {
  test("a healthy key", async () => {
    answerHealthy();
    const text = policyText(ROOT, OURS);
    expect(await open().inspect(KEY, GRANT)).toEqual(factsWith(text, revisionOf(text)));
    expect(calls().sort()).toEqual(["DescribeKeyCommand", "GetKeyPolicyCommand", "GetKeyRotationStatusCommand"]);
    expect(kms.commandCalls(GetKeyPolicyCommand)[0]?.args[0].input).toEqual({ KeyId: ARN, PolicyName: "default" });
  });

  test("independent calls go out together", async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    answerHealthy();
    kms.on(DescribeKeyCommand).callsFake(async () => {
      await gate;
      return { KeyMetadata: METADATA };
    });
    const looking = open().inspect(KEY, GRANT);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls()).toHaveLength(3);
    release();
    expect((await looking).key.known).toBe(true);
  });

  test("a bare key id is resolved to its ARN", async () => {
    answerHealthy();
    const facts = await open().inspect({ ...KEY, id: METADATA.KeyId, owner: null }, GRANT);
    expect(facts.ref).toEqual(KEY);
    expect(bodyOf(facts)?.known).toBe(true);
  });

  test.each<KeyRef>([
    { cloud: "aws", id: "alias/my-key", region: "eu-west-1", owner: null },
    { cloud: "aws", id: "arn:aws:kms:eu-west-1:111122223333:alias/my-key", region: "eu-west-1", owner: "111122223333" },
  ])("$id is resolved first: the other calls take no alias", async (alias) => {
    answerHealthy();
    const facts = await open().inspect(alias, GRANT);
    expect(facts.ref).toEqual(KEY);
    expect(calls()[0]).toBe("DescribeKeyCommand");
    for (const call of kms.calls().slice(1)) expect(call.args[0].input).toMatchObject({ KeyId: ARN });
  });

  test("an alias that cannot be resolved", async () => {
    kms.on(DescribeKeyCommand).rejects(awsError("ThrottlingException"));
    const alias: KeyRef = { cloud: "aws", id: "alias/my-key", region: "eu-west-1", owner: null };
    const facts = await open().inspect(alias, GRANT);
    expect(facts.ref).toEqual(alias);
    expect(facts.key).toMatchObject({ known: false, why: { code: "look.throttled" } });
    expect(bodyOf(facts)).toMatchObject({ known: false, why: { code: "look.throttled" } });
    expect(calls()).toEqual(["DescribeKeyCommand"]);
  });

  test.each([
    ["a key", KEY, `Key '${ARN}' does not exist`],
    ["an alias", { ...KEY, id: "alias/x" }, "Alias arn:aws:kms:eu-west-1:111122223333:alias/x is not found."],
  ])("%s that does not exist", async (_, ref, message) => {
    kms.rejects(awsError("NotFoundException", message));
    const facts = await open().inspect(ref, GRANT);
    expect(facts.key).toEqual({ known: true, value: null });
    expect(facts.rotation).toEqual({ known: true, value: null });
    expect(bodyOf(facts)).toMatchObject({ known: false, why: { code: "look.absent-or-denied" } });
  });

  test.each([
    ["Invalid arn eu-west-1", "look.misconfigured"],
    ["Invalid keyId 'x'", "look.absent-or-denied"],
  ])("NotFoundException with %j is not absence", async (message, code) => {
    kms.rejects(awsError("NotFoundException", message));
    expect((await open().inspect(KEY, GRANT)).key).toMatchObject({ known: false, why: { code } });
  });

  test("each field says for itself that it was not seen", async () => {
    answerHealthy();
    kms
      .on(GetKeyPolicyCommand)
      .rejects(awsError("AccessDeniedException", "because no identity-based policy allows it"));
    kms.on(GetKeyRotationStatusCommand).rejects(awsError("ThrottlingException"));
    const facts = await open().inspect(KEY, GRANT);
    expect(facts.key.known).toBe(true);
    expect(facts.rotation).toMatchObject({ known: false, why: { code: "look.throttled" } });
    expect(bodyOf(facts)).toMatchObject({
      known: false,
      why: { code: "look.denied", detail: expect.stringContaining("kms:GetKeyPolicy (no identity-based policy") },
    });
    expect(calls()).not.toContain("ListGrantsCommand");
  });

  test("a mistake of our own is thrown", async () => {
    answerHealthy();
    kms.on(DescribeKeyCommand).callsFake(() => {
      throw new TypeError("x is not a function");
    });
    await expect(open().inspect(KEY, GRANT)).rejects.toThrow(TypeError);
  });

  test.each([
    ["another key", { ...METADATA, Arn: ARN.replace("key/1", "key/2") }, "look.misconfigured"],
    ["another region", { ...METADATA, Arn: ARN.replace("eu-west-1", "us-east-1") }, "look.misconfigured"],
    ["no key", { KeyState: "Enabled" }, "look.misconfigured"],
    ["nothing", undefined, "look.unreachable"],
  ])("an answer about %s decides nothing", async (_, metadata, code) => {
    answerHealthy();
    kms.on(DescribeKeyCommand).resolves({ KeyMetadata: metadata as never });
    expect((await open().inspect(KEY, GRANT)).key).toMatchObject({ known: false, why: { code } });
  });

  test("answers with holes in them", async () => {
    answerHealthy();
    kms.on(GetKeyPolicyCommand).resolves({});
    kms.on(GetKeyRotationStatusCommand).resolves({});
    const facts = await open().inspect(KEY, GRANT);
    expect(facts.rotation).toMatchObject({ known: false, why: { code: "look.unreachable" } });
    expect(bodyOf(facts)).toMatchObject({ known: false, why: { code: "look.unreachable" } });
  });

  test.each<[string, object]>([
    ["imported material", { Origin: "EXTERNAL" }],
    ["an asymmetric key", { KeySpec: "RSA_2048" }],
    ["a CloudHSM key store", { Origin: "AWS_CLOUDHSM", CustomKeyStoreId: "cks-1" }],
    ["an external key store", { Origin: "EXTERNAL_KEY_STORE" }],
  ])("rotation is impossible for %s", async (_, difference) => {
    answerHealthy(undefined, { ...METADATA, ...difference });
    kms.on(GetKeyRotationStatusCommand).rejects(awsError("AccessDeniedException"));
    expect((await open().inspect(KEY, GRANT)).rotation).toEqual({ known: true, value: null });
  });

  test("rotation is impossible when KMS says so", async () => {
    answerHealthy();
    kms.on(GetKeyRotationStatusCommand).rejects(awsError("UnsupportedOperationException"));
    expect((await open().inspect(KEY, GRANT)).rotation).toEqual({ known: true, value: null });
  });
});

describe("grants", () => {
  const grant = (GrantId: string) => ({ GrantId, GranteePrincipal: ROLE, Operations: ["Encrypt" as const] });

  test("are read, every page, when the policy alone does not let in", async () => {
    answerHealthy(policyText(ROOT));
    kms
      .on(ListGrantsCommand)
      .resolves({ Grants: [grant("b")], Truncated: true, NextMarker: "next" })
      .on(ListGrantsCommand, { Marker: "next" })
      .resolves({ Grants: [grant("a")], Truncated: false });
    const facts = await open().inspect(KEY, GRANT);
    const body = bodyOf(facts, "grants");
    expect(body?.known && JSON.parse(body.value.text)).toEqual({ Grants: [grant("a"), grant("b")] });
    expect(open().access(facts, GRANT)[0]?.actions).toMatchObject([
      { action: "kms:Encrypt", answer: "allowed" },
      { action: "kms:Decrypt", answer: "missing" },
    ]);
  });

  test("are not read when it does, when it denies, or when nobody is asked about", async () => {
    for (const [text, about] of [
      [policyText(ROOT, OURS), GRANT],
      [policyText(ROOT, { ...OURS, Effect: "Deny" }), GRANT],
      [policyText(ROOT), null],
    ] as const) {
      kms.reset();
      answerHealthy(text);
      const facts = await open().inspect(KEY, about);
      expect(calls()).not.toContain("ListGrantsCommand");
      expect(bodyOf(facts, "grants")).toBeUndefined();
    }
  });

  test("that could not be read leave a missing allow unknown", async () => {
    answerHealthy(policyText(ROOT));
    kms.on(ListGrantsCommand).rejects(awsError("AccessDeniedException"));
    const facts = await open().inspect(KEY, GRANT);
    expect(bodyOf(facts, "grants")).toMatchObject({ known: false, why: { code: "look.denied" } });
    expect(open().access(facts, GRANT)[0]?.actions[0]).toMatchObject({ answer: "unseen", document: "grants" });
  });

  test.each([
    ["the same page again", { Truncated: true, NextMarker: "same" }],
    ["more, and not where", { Truncated: true }],
  ])("a list that promises %s is not believed", async (_, answer) => {
    answerHealthy(policyText(ROOT));
    kms.on(ListGrantsCommand).resolves({ Grants: [grant("a")], ...answer });
    const facts = await open().inspect(KEY, GRANT);
    expect(bodyOf(facts, "grants")).toMatchObject({ known: false, why: { code: "look.unreachable" } });
  });
});

describe("Multi-Region keys", () => {
  const keyId = "mrk-1234abcd12ab34cd56ef1234567890ab";
  const arnIn = (region: string) => `arn:aws:kms:${region}:111122223333:key/${keyId}`;
  const metadata = {
    ...METADATA,
    KeyId: keyId,
    Arn: arnIn("eu-west-1"),
    MultiRegion: true,
    MultiRegionConfiguration: {
      MultiRegionKeyType: "PRIMARY",
      PrimaryKey: { Arn: arnIn("eu-west-1"), Region: "eu-west-1" },
      ReplicaKeys: [
        { Arn: arnIn("us-east-1"), Region: "us-east-1" },
        { Arn: arnIn("eu-central-1"), Region: "eu-central-1" },
      ],
    },
  };
  const ref: KeyRef = { ...KEY, id: arnIn("eu-west-1") };

  function answer(): void {
    answerHealthy(undefined, metadata);
    kms
      .on(GetKeyPolicyCommand, { KeyId: arnIn("us-east-1") })
      .resolves({ Policy: policyText(ROOT, { ...OURS, Sid: "x" }) })
      .on(GetKeyPolicyCommand, { KeyId: arnIn("eu-central-1") })
      .rejects(awsError("AccessDeniedException"));
  }

  test("the policies of the other regions are read there", async () => {
    answer();
    const facts = await open().inspect(ref, GRANT);
    expect(facts.documents.map(({ id, title }) => [id, title])).toEqual([
      ["key-policy", "the key policy"],
      ["replica:eu-central-1", "the key policy of the replica in eu-central-1"],
      ["replica:us-east-1", "the key policy of the replica in us-east-1"],
    ]);
    expect(bodyOf(facts, "replica:us-east-1")?.known).toBe(true);
    expect(bodyOf(facts, "replica:eu-central-1")).toMatchObject({
      known: false,
      why: { detail: expect.stringContaining("GetKeyPolicy in eu-central-1 was refused") },
    });
  });

  test("a replica looks at its primary", async () => {
    const here = { ...metadata, Arn: arnIn("us-east-1") };
    answer();
    kms.on(DescribeKeyCommand).resolves({ KeyMetadata: here as never });
    const facts = await open().inspect({ ...ref, id: arnIn("us-east-1"), region: "us-east-1" }, GRANT);
    expect(facts.documents.map(({ title }) => title)).toEqual([
      "the key policy",
      "the key policy of the replica in eu-central-1",
      "the key policy of the primary key in eu-west-1",
    ]);
  });

  test("the grant goes into this key's policy, and out of all of them", async () => {
    answer();
    kms.on(GetKeyPolicyCommand, { KeyId: arnIn("eu-central-1") }).resolves({ Policy: policyText(ROOT) });
    const cloud = open();
    const facts = await cloud.inspect(ref, GRANT);
    expect(cloud.plan(facts, GRANT, "present")).toBeNull();
    const change = cloud.plan(facts, GRANT, "absent");
    expect(change?.edits.map(({ document }) => document)).toEqual(["key-policy", "replica:us-east-1"]);
  });
});

describe("what DescribeKey says", () => {
  const now = new Date("2026-11-21T10:00:00Z");
  const past = new Date("2026-11-20T10:00:00Z");

  test.each<[string, object, string]>([
    ["Enabled", {}, "usable"],
    ["Updating", {}, "usable"],
    ["Creating", {}, "not-ready"],
    ["Disabled", {}, "disabled"],
    ["PendingDeletion", { DeletionDate: now }, "pending-deletion"],
    ["PendingReplicaDeletion", {}, "pending-deletion"],
    ["PendingImport", {}, "no-material"],
    ["PendingImport", { ValidTo: past }, "material-expired"],
    ["PendingImport", { ValidTo: new Date("2026-11-22T10:00:00Z") }, "no-material"],
    ["Unavailable", {}, "unavailable"],
    ["SomethingNew", {}, "not-ready"],
  ])("%s %j is %s", (KeyState, difference, state) => {
    const description = describeKey({ ...METADATA, KeyState, ...difference }, now);
    expect(description).toMatchObject({ state, stateName: KeyState });
  });

  test("without a state, Enabled decides", () => {
    expect(describeKey({ Enabled: true }, now).state).toBe("usable");
    expect(describeKey({ Enabled: false }, now)).toMatchObject({ state: "disabled", stateName: "Disabled" });
  });

  test("usage, spec, manager, dates", () => {
    expect(describeKey({ ...METADATA, KeyUsage: undefined }, now).usage).toBe("ENCRYPT_DECRYPT");
    expect(describeKey({ CustomerMasterKeySpec: "SYMMETRIC_DEFAULT" }, now)).toMatchObject({
      usage: "ENCRYPT_DECRYPT",
      algorithms: ["SYMMETRIC_DEFAULT"],
    });
    expect(describeKey({ KeyUsage: "SIGN_VERIFY", KeySpec: "RSA_2048" }, now)).toMatchObject({
      usage: "SIGN_VERIFY",
      algorithms: ["RSA_2048"],
    });
    expect(describeKey({ KeySpec: "RSA_2048" }, now).usage).toBe("unknown");
    expect(describeKey({ ...METADATA, KeyManager: "AWS" }, now).customerManaged).toBe(false);
    expect(describeKey({ KeyManager: undefined }, now).customerManaged).toBe(true);
    expect(describeKey({ DeletionDate: past, ValidTo: new Date(past.getTime() + 1) }, now)).toMatchObject({
      deletionAt: "2026-11-20T10:00:00Z",
      materialExpiresAt: "2026-11-20T10:00:00.001Z",
    });
    expect(describeKey({ DeletionDate: new Date(Number.NaN) }, now).deletionAt).toBeNull();
  });
});

describe("plan", () => {
  const factsOf = (...statements: unknown[]) => {
    const text = policyText(...statements);
    return factsWith(text, revisionOf(text));
  };

  test("an edit, and the facts as they will be", () => {
    const facts = factsOf(ROOT);
    const change = open().plan(facts, GRANT, "present");
    const after = policyText(ROOT, OURS);
    expect(change).toEqual({
      key: KEY,
      edits: [
        {
          document: "key-policy",
          title: "the key policy",
          revision: revisionOf(policyText(ROOT)),
          before: policyText(ROOT),
          after,
          summary: [`adds statement "${SID}": allows ${ROLE} kms:Encrypt, kms:Decrypt`, expect.any(String)],
        },
      ],
      after: factsWith(after, revisionOf(after)),
    });
    expect(change && open().plan(change.after, GRANT, "present")).toBeNull();
    expect(change && open().plan(change.after, GRANT, "absent")?.edits[0]?.after).toBe(policyText(ROOT));
  });

  test("a condition that holds for the vendor is enough", () => {
    const conditions = { StringEquals: { "kms:CallerAccount": "999988887777" } };
    expect(open().plan(factsOf({ ...OURS, Condition: conditions }), GRANT, "present")).toBeNull();
    const unknown = { StringEquals: { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } };
    expect(open().plan(factsOf({ ...OURS, Condition: unknown }), GRANT, "present")).not.toBeNull();
  });

  test("a KMS grant is not", () => {
    const facts = factsOf(ROOT);
    const text = JSON.stringify({
      Grants: [{ GrantId: "g", GranteePrincipal: ROLE, Operations: ["Encrypt", "Decrypt"] }],
    });
    const grants = { id: "grants", title: "g", body: { known: true, value: { text, revision: "" } } } as const;
    expect(open().plan({ ...facts, documents: [...facts.documents, grants] }, GRANT, "present")).not.toBeNull();
  });

  test("options go through", () => {
    const old = { ...OURS, Principal: { AWS: ["AROA1234567890EXAMPLE", "arn:aws:iam::999988887777:role/old"] } };
    const options = { replacePrincipals: ["arn:aws:iam::999988887777:role/old"], pruneOrphans: true };
    expect(open().plan(factsOf(old), GRANT, "present", options)?.edits[0]?.after).toBe(policyText(OURS));
  });

  test("a policy that was not seen cannot be planned on", () => {
    const why = { code: "look.denied", detail: "no" } as const;
    const facts = factsOf(ROOT);
    const document = { id: "key-policy", title: "the key policy", body: unseen(why) };
    expect(() => open().plan({ ...facts, documents: [document] }, GRANT, "present")).toThrow(LookError);
  });

  test("the accessor is checked by the same provider", () => {
    const root = { cloud: "aws", fields: { role_arn: "arn:aws:iam::999988887777:root" } } as const;
    expect(() => open().checkAccessor(root, KEY, GRANT.policy)).toThrow("a whole AWS account");
  });
});

describe("probe", () => {
  const facts = factsWith(policyText(ROOT), "r");
  const ciphertext = () => Uint8Array.from([9, ...MATERIAL]);

  function answerWell(): void {
    kms.on(EncryptCommand).resolves({ KeyId: ARN, CiphertextBlob: ciphertext() });
    kms.on(DecryptCommand).resolves({ KeyId: ARN, Plaintext: Uint8Array.from(MATERIAL) });
  }

  test("encrypts and decrypts random bytes, and says in the log what it is", async () => {
    answerWell();
    const inputs: unknown[] = [];
    kms.on(EncryptCommand).callsFake((input) => {
      inputs.push({ ...input, Plaintext: [...input.Plaintext] });
      return { KeyId: ARN, CiphertextBlob: ciphertext() };
    });
    expect(await open().probe(facts, { as: null })).toEqual({ outcome: "pass" });
    expect(inputs).toEqual([{ KeyId: ARN, Plaintext: [...MATERIAL], EncryptionContext: PROBE_CONTEXT }]);
    expect(kms.commandCalls(DecryptCommand)[0]?.args[0].input).toMatchObject({
      KeyId: ARN,
      EncryptionContext: PROBE_CONTEXT,
    });
    expect(PROBE_CONTEXT["keygrant"]).toBe("probe");
  });

  test("wipes what it held, whatever happens", async () => {
    const held = { blob: ciphertext(), back: Uint8Array.from(MATERIAL) };
    kms.on(EncryptCommand).resolves({ KeyId: ARN, CiphertextBlob: held.blob });
    kms.on(DecryptCommand).resolves({ KeyId: ARN, Plaintext: held.back });
    await open().probe(facts, { as: null });
    kms.on(EncryptCommand).rejects(awsError("DisabledException"));
    await open().probe(facts, { as: null });
    expect(random).toHaveLength(2);
    for (const bytes of [...random, held.blob, held.back]) expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  test.each<[string, () => void, string]>([
    [
      "other bytes",
      () => kms.on(DecryptCommand).resolves({ KeyId: ARN, Plaintext: new Uint8Array(32) }),
      "not what was encrypted",
    ],
    [
      "fewer bytes",
      () => kms.on(DecryptCommand).resolves({ KeyId: ARN, Plaintext: MATERIAL.slice(1) }),
      "not what was encrypted",
    ],
    [
      "another key encrypts",
      () => kms.on(EncryptCommand).resolves({ KeyId: `${ARN}x`, CiphertextBlob: ciphertext() }),
      "another key",
    ],
    [
      "another key decrypts",
      () => kms.on(DecryptCommand).resolves({ KeyId: `${ARN}x`, Plaintext: MATERIAL.slice() }),
      "another key",
    ],
    [
      "nothing is encrypted",
      () => kms.on(EncryptCommand).resolves({ KeyId: ARN, CiphertextBlob: MATERIAL.slice() }),
      "gave back what was to be",
    ],
    ["IncorrectKeyException", () => kms.on(DecryptCommand).rejects(awsError("IncorrectKeyException")), "does not take"],
    [
      "InvalidCiphertextException",
      () => kms.on(DecryptCommand).rejects(awsError("InvalidCiphertextException")),
      "does not take",
    ],
  ])("mismatch: %s", async (_, change, says) => {
    answerWell();
    change();
    expect(await open().probe(facts, { as: null })).toMatchObject({
      outcome: "fail",
      code: "roundtrip.mismatch",
      detail: expect.stringContaining(says),
    });
  });

  test.each<[string, string, string, string]>([
    ["AccessDeniedException", "because no identity-based policy allows it", "unknown", "roundtrip.not-permitted"],
    ["DisabledException", `${ARN} is disabled.`, "fail", "roundtrip.failed"],
    ["KMSInvalidStateException", `${ARN} is pending deletion.`, "fail", "roundtrip.failed"],
    [
      "KMSInvalidStateException",
      "The proxy did not respond in time. Retry the request.",
      "unknown",
      "look.unreachable",
    ],
    ["InvalidKeyUsageException", "x", "fail", "roundtrip.failed"],
    ["UnsupportedOperationException", "x", "fail", "roundtrip.failed"],
    ["UnknownOperationException", "x", "unknown", "look.unsupported"],
    ["NotFoundException", `Key '${ARN}' does not exist`, "fail", "roundtrip.failed"],
    ["NotFoundException", "Invalid arn eu-west-1", "unknown", "look.misconfigured"],
    ["KeyUnavailableException", "x", "unknown", "look.unreachable"],
    ["KMSInternalException", "x", "unknown", "look.unreachable"],
    ["DependencyTimeoutException", "x", "unknown", "look.timeout"],
    ["ThrottlingException", "x", "unknown", "look.throttled"],
    ["ExpiredTokenException", "x", "unknown", "look.credentials"],
    ["ValidationException", "x", "unknown", "look.unsupported"],
  ])("%s %j: %s %s, on both calls", async (name, message, outcome, code) => {
    for (const [command, call] of [
      [EncryptCommand, "Encrypt"],
      [DecryptCommand, "Decrypt"],
    ] as const) {
      answerWell();
      kms
        .on(command as typeof EncryptCommand)
        .rejects(awsError(name, message, name === "KMSInternalException" ? 500 : 400));
      const answer = await open().probe(facts, { as: null });
      expect(answer).toMatchObject({ outcome, code, detail: expect.stringContaining(call) });
    }
  });

  test("a state that passes is no failure", async () => {
    kms.on(EncryptCommand).rejects(awsError("KMSInvalidStateException", "is creating"));
    const key =
      facts.key.known && facts.key.value !== null ? { ...facts.key.value, state: "not-ready" as const } : null;
    const passing: KeyFacts = { ...facts, key: { known: true, value: key } };
    expect(await open().probe(passing, { as: null })).toMatchObject({ outcome: "unknown", code: "roundtrip.skipped" });
  });

  test("an answer with holes in it", async () => {
    answerWell();
    kms.on(EncryptCommand).resolves({ KeyId: ARN });
    expect(await open().probe(facts, { as: null })).toMatchObject({ outcome: "unknown", code: "look.unreachable" });
    answerWell();
    kms.on(DecryptCommand).resolves({ Plaintext: MATERIAL.slice() });
    expect(await open().probe(facts, { as: null })).toMatchObject({ outcome: "unknown", code: "look.unreachable" });
  });

  test("a bare key id in the answer will do", async () => {
    kms.on(EncryptCommand).resolves({ KeyId: METADATA.KeyId, CiphertextBlob: ciphertext() });
    kms.on(DecryptCommand).resolves({ KeyId: METADATA.KeyId, Plaintext: MATERIAL.slice() });
    expect(await open().probe(facts, { as: null })).toEqual({ outcome: "pass" });
  });

  describe("as a role", () => {
    const role = "arn:aws:iam::111122223333:role/keygrant-probe";
    const given = { AccessKeyId: "ASIAX", SecretAccessKey: "s", SessionToken: "t", Expiration: new Date() };

    test("assumes it under a name of its own", async () => {
      answerWell();
      sts.on(AssumeRoleCommand).resolves({ Credentials: given });
      expect(await open().probe(facts, { as: role })).toEqual({ outcome: "pass" });
      expect(sts.commandCalls(AssumeRoleCommand)[0]?.args[0].input).toEqual({
        RoleArn: role,
        RoleSessionName: "keygrant-probe",
        DurationSeconds: 900,
      });
    });

    test("that the caller may not assume", async () => {
      sts.on(AssumeRoleCommand).rejects(awsError("AccessDenied", "not authorized to perform: sts:AssumeRole", 403));
      expect(await open().probe(facts, { as: role })).toMatchObject({
        outcome: "unknown",
        code: "roundtrip.not-permitted",
        detail: expect.stringContaining("sts:AssumeRole"),
      });
      expect(kms.calls()).toHaveLength(0);
    });

    test("that STS does not answer for", async () => {
      sts.on(AssumeRoleCommand).rejects(awsError("Throttling", "", 400));
      expect(await open().probe(facts, { as: role })).toMatchObject({ code: "look.throttled" });
      sts.on(AssumeRoleCommand).resolves({});
      expect(await open().probe(facts, { as: role })).toMatchObject({ code: "look.unreachable" });
    });

    test("that is none", async () => {
      await expect(open().probe(facts, { as: "keygrant-probe" })).rejects.toMatchObject({ code: "usage.probe-role" });
    });
  });
});
