import type { CheckAnswer, CloudCheckup, PermissionAnswer, PermissionAsk, Whoami } from "../../core/doctor.ts";
import { ask as askGoogle, type CallDeps } from "./calls.ts";
import { type Asked, type GcpFailure, readFailure } from "./errors.ts";
import { parseJson } from "./json.ts";
import { nameOf, ringOf } from "./key.ts";
import type { CryptoPort, Enum, GcpPort } from "./kms.ts";
import { lookFailure } from "./look.ts";
import { GCP_IMPERSONATION, GCP_NEEDS } from "./permissions.ts";
import { isRecord } from "./policy.ts";

export interface CheckupDeps extends CallDeps {
  readonly port: GcpPort;
}

/**
 * What the caller may do at Google Cloud. What looks is really asked; the rest is what `testIamPermissions` says, which
 * needs no permission and tests the caller. Google's page warns that it "may fail open": a pass of that kind says who
 * said so. https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/testIamPermissions
 */
export function gcpCheckup(deps: CheckupDeps, impersonate: string | null): CloudCheckup {
  const { kms, resourceManager, iam } = deps.port.origins;
  return {
    needs: [...GCP_NEEDS, GCP_IMPERSONATION],
    whoami: () => whoami(deps),
    async endpoints() {
      return [
        { name: "Cloud KMS", url: kms },
        { name: "Resource Manager", url: resourceManager },
        { name: "IAM", url: iam },
      ];
    },
    permissions: (ask) => permissions(deps, ask, impersonate),
  };
}

async function whoami({ port, signal }: CheckupDeps): Promise<Whoami> {
  const asked: Asked = { call: "tokeninfo", permission: "none" };
  try {
    const email = await port.caller(signal);
    if (email !== null) return { found: true, answer: pass(`They are ${email}.`) };
    return { found: true, answer: unknown("Google did not say whose the credentials are.") };
  } catch (error) {
    const failure = readFailure(error);
    const why = lookFailure(failure, asked);
    if (isNoneFound(failure)) return { found: false, why };
    // The token server answers 400 to a token that it does not know.
    const isRefused = failure.kind === "credentials" || failure.kind === "invalid";
    return {
      found: true,
      answer: { outcome: isRefused ? "fail" : "unknown", detail: why.detail, fix: why.fix ?? null },
    };
  }
}

function isNoneFound({ kind, words }: GcpFailure): boolean {
  return kind === "credentials" && /could not load the default credentials/i.test(words);
}

type Look = (port: GcpPort, about: Names, signal: AbortSignal) => Promise<unknown>;

interface Names {
  readonly key: string;
  readonly ring: string;
  readonly project: string;
}

interface LookAt {
  readonly call: string;
  readonly run: Look;
  /** What Google's own answer holds: anything else came from somebody else, and says nothing. */
  readonly holds: string;
}

const LOOKS: Readonly<Record<string, LookAt>> = {
  "cloudkms.cryptoKeys.get": {
    call: "GetCryptoKey",
    holds: "name",
    run: (port, { key }, signal) => port.getCryptoKey(key, signal),
  },
  "cloudkms.cryptoKeyVersions.list": {
    call: "ListCryptoKeyVersions",
    holds: "cryptoKeyVersions",
    run: (port, { key }, signal) => port.listCryptoKeyVersions(key, "", signal),
  },
  "cloudkms.cryptoKeys.getIamPolicy": {
    call: "GetIamPolicy of the key",
    holds: "etag",
    run: (port, { key }, signal) => port.getIamPolicy(key, signal),
  },
  "cloudkms.keyRings.getIamPolicy": {
    call: "GetIamPolicy of the key ring",
    holds: "etag",
    run: (port, { ring }, signal) => port.getIamPolicy(ring, signal),
  },
  "resourcemanager.projects.getIamPolicy": {
    call: "GetIamPolicy of the project",
    holds: "etag",
    run: (port, { project }, signal) => port.getProjectIamPolicy(project, signal),
  },
};

const ON_PROJECT: ReadonlySet<string> = new Set(["iam.roles.get"]);

async function permissions(
  deps: CheckupDeps,
  ask: PermissionAsk,
  impersonate: string | null,
): Promise<readonly PermissionAnswer[]> {
  const names = { key: ask.key.id, ring: ringOf(ask.key), project: nameOf(ask.key).project };
  const purpose = await purposeOf(deps, names.key);
  const wanted = GCP_NEEDS.filter(
    ({ permission, jobs }) => jobs.some((job) => ask.jobs.has(job)) && isFor(permission, purpose),
  );
  const crypto = impersonate === null ? { port: deps.port, answer: null } : await become(deps, impersonate);
  const answers = await Promise.all(
    wanted.map(async ({ permission, jobs }): Promise<PermissionAnswer> => {
      const look = LOOKS[permission];
      if (look !== undefined) {
        return { permission, jobs, ...(await lookAnswer(deps, permission, look, names)) };
      }
      const port = isUse(permission) ? crypto.port : deps.port;
      return { permission, jobs, ...(await testAnswer(deps, port, permission, names)) };
    }),
  );
  const becoming = GCP_IMPERSONATION.jobs.some((job) => ask.jobs.has(job)) ? crypto.answer : null;
  return becoming === null ? answers : [...answers, becoming];
}

function isUse(permission: string): boolean {
  return permission.startsWith("cloudkms.cryptoKeyVersions.") && permission !== "cloudkms.cryptoKeyVersions.list";
}

/** The numbers are those of `CryptoKeyPurpose`: ENCRYPT_DECRYPT and ASYMMETRIC_DECRYPT. */
function isFor(permission: string, purpose: Enum): boolean {
  if (permission.endsWith(".viewPublicKey")) return purpose === "ASYMMETRIC_DECRYPT" || purpose === 6;
  return !(permission.endsWith(".useToEncrypt") && (purpose === "ASYMMETRIC_DECRYPT" || purpose === 6));
}

/** Symmetric until Google says otherwise: that it could not be told is said by `cloudkms.cryptoKeys.get`. */
async function purposeOf(deps: CheckupDeps, key: string): Promise<Enum> {
  const answer = await askGoogle(deps, (signal) => deps.port.getCryptoKey(key, signal));
  return answer.ok ? answer.value.purpose : null;
}

interface Becoming {
  /** Null when nobody could become it. */
  readonly port: CryptoPort | null;
  readonly answer: PermissionAnswer;
}

async function become(deps: CheckupDeps, account: string): Promise<Becoming> {
  const { permission, jobs } = GCP_IMPERSONATION;
  const asked: Asked = { call: "GenerateAccessToken", permission, about: ` for ${account}` };
  const answer = await askGoogle(deps, (signal) => deps.port.impersonate(account, signal));
  if (answer.ok) {
    return { port: answer.value, answer: { permission, jobs, ...pass(`A token for ${account} was given.`) } };
  }
  return { port: null, answer: { permission, jobs, ...judge(answer.failure, asked) } };
}

async function lookAnswer(
  deps: CheckupDeps,
  permission: string,
  { call, run, holds }: LookAt,
  names: Names,
): Promise<CheckAnswer> {
  const answer = await askGoogle(deps, (signal) => run(deps.port, names, signal));
  if (!answer.ok) return judge(answer.failure, { call, permission });
  return isHeld(answer.value, holds)
    ? pass(`${call} was answered.`)
    : unknown(`The answer to ${call} does not look like Google Cloud's.`);
}

/** A policy comes as text. A client makes an empty name or list of what an answer does not have. */
function isHeld(answer: unknown, what: string): boolean {
  const read = typeof answer === "string" ? parseJson(answer) : answer;
  const held = isRecord(read) ? read[what] : undefined;
  return (typeof held === "string" || Array.isArray(held)) && held.length > 0;
}

async function testAnswer(
  deps: CheckupDeps,
  port: CryptoPort | null,
  permission: string,
  names: Names,
): Promise<CheckAnswer> {
  if (port === null) return unknown("The service account that would need it could not be become.");
  const asked: Asked = { call: "testIamPermissions", permission };
  const onProject = ON_PROJECT.has(permission);
  const answer = await askGoogle(deps, (signal) =>
    onProject
      ? deps.port.testProjectPermissions(names.project, [permission], signal)
      : port.testIamPermissions(names.key, [permission], signal),
  );
  if (!answer.ok) return unknown(lookFailure(answer.failure, asked).detail);
  const held = heldIn(answer.value);
  if (held === null) return unknown("The answer to testIamPermissions does not look like Google Cloud's.");
  if (held.includes(permission)) return pass("Google says so (testIamPermissions).");
  const where = onProject ? "project" : "key";
  const detail = `Google says that the caller does not have it on the ${where} (testIamPermissions).`;
  return { outcome: "fail", detail, fix: `Give the caller ${permission} (see docs/permissions.md).` };
}

/** An empty answer is none held; anything but a list of texts is not Google's, an error in a success either. */
function heldIn(text: string): readonly string[] | null {
  const answer = parseJson(text);
  if (!isRecord(answer)) return null;
  const held = Object.keys(answer).length === 0 ? [] : answer["permissions"];
  return Array.isArray(held) && held.every((one) => typeof one === "string") ? held : null;
}

/** Google denies what does not exist in the same words as what may not be seen: those who wrote the key know. */
function judge(failure: GcpFailure, asked: Asked): CheckAnswer {
  const { detail, fix } = lookFailure(failure, asked);
  return { outcome: failure.kind === "denied" ? "fail" : "unknown", detail, fix: fix ?? null };
}

function pass(detail: string): CheckAnswer {
  return { outcome: "pass", detail, fix: null };
}

function unknown(detail: string): CheckAnswer {
  return { outcome: "unknown", detail, fix: null };
}
