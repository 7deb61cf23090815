import type { CheckAnswer, CloudCheckup, PermissionAnswer, PermissionAsk, Whoami } from "../../core/doctor.ts";
import type { KeyRef } from "../../core/model.ts";
import type { RandomBytes } from "../../core/ports.ts";
import { type Asked, type AwsFailure, readFailure } from "./errors.ts";
import { regionOf } from "./key.ts";
import type { AwsClients, KmsPort } from "./kms.ts";
import { lookFailure } from "./look.ts";
import { AWS_NEEDS } from "./permissions.ts";
import { PROBE_CONTEXT } from "./probe.ts";

export interface CheckupDeps {
  readonly clients: AwsClients;
  readonly random: RandomBytes;
  readonly signal?: AbortSignal | undefined;
  /** For questions about no key; undefined: any region will do. */
  readonly region?: string | undefined;
}

/** STS says whose the credentials are in every region. */
const ANY_REGION = "us-east-1";

/**
 * No JSON object with statements, so never a policy: AWS answers MalformedPolicyDocumentException to those who may
 * write. Assumption: it looks at the permission before it reads the document, as it does for every call of KMS that was
 * tried; no page says so.
 */
const NEVER_A_POLICY = '{"keygrant":"doctor asks whether this may be written; it can never be"}';

/** What the caller may do at AWS: looked at by looking, by `DryRun`, and by one write that is made to be refused. */
export function awsCheckup(deps: CheckupDeps): CloudCheckup {
  const region = (key: KeyRef | null) => (key === null ? (deps.region ?? ANY_REGION) : regionOf(key));
  return {
    needs: AWS_NEEDS,
    whoami: (key) => whoami(deps, region(key)),
    async endpoints(key) {
      const { kms, sts } = await deps.clients.endpoints(region(key));
      return [
        { name: "KMS", url: kms },
        { name: "STS", url: sts },
      ];
    },
    permissions: (ask) => permissions(deps, ask),
  };
}

async function whoami({ clients, signal }: CheckupDeps, region: string): Promise<Whoami> {
  const asked: Asked = { call: "GetCallerIdentity", service: "sts" };
  try {
    const { Arn: arn } = await clients.sts(region).getCallerIdentity(signal);
    if (arn !== undefined) return { found: true, answer: { outcome: "pass", detail: `They are ${arn}.`, fix: null } };
    return { found: true, answer: unknown("The answer to GetCallerIdentity names nobody.") };
  } catch (error) {
    const failure = readFailure(error, asked);
    const why = lookFailure(failure, asked);
    if (isNoneFound(failure)) return { found: false, why };
    const outcome = failure.kind === "credentials" || failure.kind === "clock" ? "fail" : "unknown";
    // Which profile, which file: the SDK alone knows where it looked.
    const detail = failure.name === "CredentialsProviderError" ? `${why.detail} ${failure.words}` : why.detail;
    return { found: true, answer: { outcome, detail, fix: why.fix ?? null } };
  }
}

/** A profile that was named and is not there is a mistake in what was found. */
function isNoneFound({ name, words }: AwsFailure): boolean {
  return name === "CredentialsProviderError" && /could not load credentials from any providers/i.test(words);
}

/** No id that AWS would give out: nothing is revoked, whoever asks. */
const NEVER_A_GRANT = "0".repeat(64);

type Call = (kms: KmsPort, keyId: string, deps: CheckupDeps) => Promise<unknown>;

interface Ask {
  readonly run: Call;
  readonly looks: boolean;
  /** What AWS's own answer holds: anything else came from somebody else, and says nothing. */
  readonly holds?: string;
}

const CALLS: Readonly<Record<string, Ask>> = {
  "kms:DescribeKey": {
    looks: true,
    holds: "KeyMetadata",
    run: (kms, KeyId, { signal }) => kms.describeKey({ KeyId }, signal),
  },
  "kms:GetKeyPolicy": {
    looks: true,
    holds: "Policy",
    run: (kms, KeyId, { signal }) => kms.getKeyPolicy({ KeyId, PolicyName: "default" }, signal),
  },
  "kms:GetKeyRotationStatus": {
    looks: true,
    holds: "KeyRotationEnabled",
    run: (kms, KeyId, { signal }) => kms.getKeyRotationStatus({ KeyId }, signal),
  },
  "kms:ListGrants": {
    looks: true,
    holds: "Grants",
    run: (kms, KeyId, { signal }) => kms.listGrants({ KeyId }, signal),
  },
  "kms:PutKeyPolicy": {
    looks: false,
    run: (kms, KeyId, { signal }) => kms.putKeyPolicy({ KeyId, PolicyName: "default", Policy: NEVER_A_POLICY }, signal),
  },
  "kms:RevokeGrant": {
    looks: false,
    run: (kms, KeyId, { signal }) => kms.revokeGrant({ KeyId, GrantId: NEVER_A_GRANT }, signal),
  },
  "kms:Encrypt": {
    looks: true,
    holds: "CiphertextBlob",
    run: (kms, KeyId, { signal, random }) =>
      kms.mayEncrypt({ KeyId, Plaintext: random(32), EncryptionContext: PROBE_CONTEXT }, signal),
  },
  "kms:Decrypt": {
    looks: true,
    holds: "Plaintext",
    run: (kms, KeyId, { signal }) => kms.mayDecrypt({ KeyId, EncryptionContext: PROBE_CONTEXT }, signal),
  },
};

async function permissions(deps: CheckupDeps, ask: PermissionAsk): Promise<readonly PermissionAnswer[]> {
  const kms = deps.clients.kms(regionOf(ask.key));
  const keyId = await ownName(kms, ask.key, deps.signal);
  const wanted = AWS_NEEDS.filter(({ jobs }) => jobs.some((job) => ask.jobs.has(job)));
  return Promise.all(
    wanted.map(async ({ permission, jobs }) => {
      const call = CALLS[permission];
      const answer = call === undefined ? unknown("Nobody asks for it.") : await answerOf(permission, call);
      return { permission, jobs, ...answer };
    }),
  );

  async function answerOf(permission: string, { run, looks, holds = "" }: Ask): Promise<CheckAnswer> {
    if (ask.lookOnly && !looks) return NOT_TRIED;
    const asked: Asked = { call: permission.slice("kms:".length), service: "kms" };
    try {
      const answer = await run(kms, keyId, deps);
      // What was meant to be refused and was not says nothing that anybody foresaw.
      if (!looks) return unknown(`${asked.call} was not refused, as it had to be.`);
      const isAws = typeof answer === "object" && answer !== null && Reflect.get(answer, holds) !== undefined;
      return isAws ? pass(`${asked.call} was answered.`) : unknown(`The answer to ${asked.call} is not like AWS's.`);
    } catch (error) {
      return judge(readFailure(error, asked), asked);
    }
  }
}

const NOT_TRIED: CheckAnswer = {
  outcome: "skipped",
  detail: "Not tried: the only way to ask is a write that is made to be refused.",
  fix: "Leave --look-only out to try it.",
};

/** The policy calls take no alias. Whatever fails here fails again, and is said, in a line of its own. */
async function ownName(kms: KmsPort, key: KeyRef, signal: AbortSignal | undefined): Promise<string> {
  const asked: Asked = { call: "DescribeKey", service: "kms" };
  try {
    const { KeyMetadata: metadata } = await kms.describeKey({ KeyId: key.id }, signal);
    return metadata?.Arn ?? key.id;
  } catch (error) {
    readFailure(error, asked);
    return key.id;
  }
}

/** Only what AWS says of permissions decides; all else is not known. */
function judge(failure: AwsFailure, asked: Asked): CheckAnswer {
  const { name, kind, words } = failure;
  if (name === "DryRunOperationException") return pass(`${asked.call} would have succeeded (DryRun).`);
  if (kind === "bad-policy" && asked.call === "PutKeyPolicy") {
    return pass("A policy that can never be one was refused for what it is, not for who wrote it.");
  }
  // The key was found, the grant was not: the words of a key that there is not are others.
  if (/^(?:NotFound|InvalidGrantId)Exception$/.test(name) && asked.call === "RevokeGrant" && /\bgrant\b/i.test(words)) {
    return pass("A grant that there is not was not found, instead of being denied.");
  }
  if (name === "UnsupportedOperationException" && asked.call === "GetKeyRotationStatus") {
    return { outcome: "skipped", detail: "Not needed: AWS does not rotate keys of this kind.", fix: null };
  }
  const { detail, fix } = lookFailure(failure, asked);
  return { outcome: kind === "denied" ? "fail" : "unknown", detail, fix: fix ?? null };
}

function pass(detail: string): CheckAnswer {
  return { outcome: "pass", detail, fix: null };
}

function unknown(detail: string): CheckAnswer {
  return { outcome: "unknown", detail, fix: null };
}
