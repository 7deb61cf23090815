import { type AwsWorld, daysAfter, type KmsKey, keyArn, uniqueId } from "../../../src/sandbox/aws/world.ts";
import {
  AUDITOR,
  HEALTHY_AWS_KEY,
  OWNER,
  OWNER_ACCOUNT,
  OWNER_REGION,
  VENDOR_ACCOUNT,
  VENDOR_DEMO,
} from "../../../src/sandbox/cast.ts";
import { named } from "../peek.ts";
import type { Break, CloudMatrix, Stage } from "./matrix.ts";
import { PROJECT_BREAKS, principalBreaks, refer } from "./vendor.ts";

const KEY = named("granted");
const ROLE = VENDOR_DEMO.arn;
const OLD = `${ROLE}-old`;
const ORPHAN = uniqueId("AROA", OLD);
const OTHER_KEY = keyArn(OWNER_REGION, OWNER_ACCOUNT, "33333333-3333-4333-8333-333333333333");
const GRANT = "Allow Aiven to use this key for CMK operations";

type Statement = Readonly<Record<string, unknown>>;

function keyIn({ worlds }: Stage): KmsKey {
  const key = (worlds["aws"] as AwsWorld).keys.find(({ arn }) => arn === KEY);
  if (key === undefined) throw new Error(`there is no key ${KEY}`);
  return key;
}

/** Of the key itself. */
function key(change: (now: Date) => Partial<KmsKey>): Break["apply"] {
  return (stage) => {
    Object.assign(keyIn(stage), change(stage.now));
  };
}

function policy(stage: Stage, change: (statements: readonly Statement[]) => readonly Statement[]): void {
  const one = keyIn(stage);
  const document = JSON.parse(one.policy);
  one.policy = JSON.stringify({ ...document, Statement: change(document.Statement) });
}

/** Of the statement that lets the vendor in; undefined takes an element out. */
function grant(change: Statement): Break["apply"] {
  return (stage) => policy(stage, (all) => all.map((one) => (one["Sid"] === GRANT ? { ...one, ...change } : one)));
}

/** One more statement. */
function also(statement: Statement): Break["apply"] {
  return (stage) => policy(stage, (all) => [...all, { Resource: "*", ...statement }]);
}

const STATE = ["state"];
const KIND = ["usage", "spec"];
const ACTION = ["grant.action"];
const PRINCIPAL = ["grant.principal"];
const RESOURCE = ["grant.resource"];
const CONDITION = ["grant.condition"];
const STATEMENT = [...ACTION, ...PRINCIPAL, ...RESOURCE, ...CONDITION];
/** Whatever the documents say of the vendor. */
const DOCUMENTS = [...STATEMENT, "deny", "orphan"];
const ITSELF = [...STATE, ...KIND, "manager", "expiry"];
/** A statement without an Action or a Resource has no effect, whatever else it says. */
const ELSE = [...ACTION, ...RESOURCE, ...CONDITION];
const EVERYTHING = [...ITSELF, ...DOCUMENTS, "rotation", "caller", "policy", "describe"];

const KEY_BREAKS: readonly Break[] = [
  {
    what: "no such key",
    parts: ["key"],
    code: "key.not-found",
    exit: 10,
    names: KEY,
    hides: EVERYTHING,
    apply: ({ worlds }) => {
      const aws = worlds["aws"] as AwsWorld;
      aws.keys = aws.keys.filter(({ arn }) => arn !== KEY);
    },
  },
  {
    what: "disabled",
    parts: STATE,
    code: "key.disabled",
    exit: 10,
    names: "Disabled",
    apply: key(() => ({ state: "Disabled" })),
  },
  {
    what: "scheduled for deletion",
    parts: STATE,
    code: "key.pending-deletion",
    exit: 10,
    names: /scheduled for deletion on \d{4}-/,
    apply: key((now) => ({ state: "PendingDeletion", deletionAt: daysAfter(now, 30), deletionWindowDays: 30 })),
  },
  {
    what: "no material was ever imported",
    parts: [...STATE, "expiry"],
    code: "key.no-material",
    exit: 10,
    names: "PendingImport",
    apply: key(() => ({ state: "PendingImport", origin: "EXTERNAL", material: null })),
  },
  {
    what: "its material has expired",
    parts: [...STATE, "expiry"],
    code: "key.material-expired",
    exit: 10,
    names: /expired on \d{4}-/,
    apply: key((now) => ({ state: "PendingImport", origin: "EXTERNAL", material: null, validTo: daysAfter(now, -10) })),
  },
  {
    what: "its key store is disconnected",
    parts: [...STATE, "expiry"],
    code: "key.unavailable",
    exit: 10,
    names: "Unavailable",
    apply: key(() => ({
      state: "Unavailable",
      origin: "AWS_CLOUDHSM",
      keyStore: { id: "cks-1234567890abcdef0", cluster: "cluster-1a23b4cdefg" },
    })),
  },
  {
    what: "being created",
    parts: STATE,
    code: "key.not-ready",
    exit: 11,
    names: "Creating",
    apply: key(() => ({ state: "Creating" })),
  },
  {
    what: "made by AWS for a service",
    parts: ["manager"],
    code: "key.not-customer-managed",
    exit: 10,
    names: "managed by the cloud",
    apply: key(() => ({ manager: "AWS" })),
  },
  {
    what: "for signatures",
    parts: KIND,
    code: "key.wrong-usage",
    exit: 10,
    names: "SIGN_VERIFY",
    apply: key(() => ({ usage: "SIGN_VERIFY", spec: "ECC_NIST_P256", material: null })),
  },
  {
    what: "for authentication codes",
    parts: KIND,
    code: "key.wrong-usage",
    exit: 10,
    names: "GENERATE_VERIFY_MAC",
    apply: key(() => ({ usage: "GENERATE_VERIFY_MAC", spec: "HMAC_256", material: null })),
  },
  {
    what: "RSA",
    parts: KIND,
    code: "key.wrong-algorithm",
    exit: 10,
    names: "RSA_2048",
    apply: key(() => ({ spec: "RSA_2048", material: null })),
  },
  {
    what: "its material expires in a week",
    parts: ["expiry"],
    code: "key.material-expiring",
    exit: 0,
    names: /expires on \d{4}-/,
    apply: key((now) => ({ origin: "EXTERNAL", validTo: daysAfter(now, 7) })),
  },
  {
    what: "not rotated",
    parts: ["rotation"],
    code: "key.rotation-off",
    exit: 0,
    names: KEY,
    apply: (stage) => {
      keyIn(stage).rotation.enabled = false;
    },
  },
];

const GRANT_BREAKS: readonly Break[] = [
  {
    what: "Encrypt is not granted",
    parts: ACTION,
    code: "grant.partial",
    exit: 10,
    names: "kms:Encrypt",
    apply: grant({ Action: ["kms:Decrypt"] }),
  },
  {
    what: "Decrypt is not granted",
    parts: ACTION,
    code: "grant.partial",
    exit: 10,
    names: "kms:Decrypt",
    apply: grant({ Action: "kms:Encrypt" }),
  },
  {
    what: "NotAction Decrypt",
    parts: ACTION,
    code: "grant.partial",
    exit: 10,
    names: "kms:Decrypt",
    apply: grant({ Action: undefined, NotAction: "kms:Decrypt" }),
  },
  {
    what: "only ReEncrypt is granted",
    parts: ACTION,
    code: "grant.missing",
    exit: 10,
    names: ROLE,
    apply: grant({ Action: "kms:ReEncrypt*" }),
  },
  {
    what: "no Action at all",
    parts: ACTION,
    code: "grant.ineffective",
    hides: ELSE,
    exit: 10,
    names: ROLE,
    apply: grant({ Action: undefined }),
  },
  {
    what: "another role of the vendor's",
    parts: PRINCIPAL,
    code: "grant.missing",
    exit: 10,
    names: OLD,
    apply: grant({ Principal: { AWS: OLD } }),
  },
  {
    what: "the role's name in another account",
    parts: PRINCIPAL,
    code: "grant.missing",
    exit: 10,
    names: ROLE,
    apply: grant({ Principal: { AWS: ROLE.replace(VENDOR_ACCOUNT, "444455556666") } }),
  },
  {
    what: "the role was deleted and made again",
    parts: [...PRINCIPAL, "orphan"],
    code: "grant.missing",
    exit: 10,
    names: ROLE,
    apply: grant({ Principal: { AWS: ORPHAN } }),
  },
  {
    what: "a service, not the role",
    parts: PRINCIPAL,
    code: "grant.missing",
    exit: 10,
    names: ROLE,
    apply: grant({ Principal: { Service: "rds.amazonaws.com" } }),
  },
  {
    what: "one session of the role",
    parts: PRINCIPAL,
    code: "grant.conditional",
    exit: 12,
    names: "session-of-last-year",
    apply: grant({
      Principal: { AWS: `arn:aws:sts::${VENDOR_ACCOUNT}:assumed-role/aiven-cmk-anchor/session-of-last-year` },
    }),
  },
  {
    what: "everybody",
    parts: PRINCIPAL,
    code: "grant.too-broad",
    exit: 0,
    names: GRANT,
    apply: grant({ Principal: "*" }),
  },
  {
    what: "the vendor's whole account",
    parts: PRINCIPAL,
    code: "grant.too-broad",
    exit: 0,
    names: VENDOR_ACCOUNT,
    apply: grant({ Principal: { AWS: `arn:aws:iam::${VENDOR_ACCOUNT}:root` } }),
  },
  {
    what: "Resource is another key",
    parts: RESOURCE,
    code: "grant.missing",
    exit: 10,
    names: ROLE,
    apply: grant({ Resource: OTHER_KEY }),
  },
  {
    what: "Resource is the key in another region",
    parts: RESOURCE,
    code: "grant.missing",
    exit: 10,
    names: ROLE,
    apply: grant({ Resource: KEY.replace(OWNER_REGION, "us-east-1") }),
  },
  {
    what: "Resource is an alias",
    parts: RESOURCE,
    code: "grant.missing",
    exit: 10,
    names: ROLE,
    apply: grant({ Resource: `arn:aws:kms:${OWNER_REGION}:${OWNER_ACCOUNT}:alias/granted` }),
  },
  {
    what: "no Resource at all",
    parts: RESOURCE,
    code: "grant.ineffective",
    hides: ELSE,
    exit: 10,
    names: ROLE,
    apply: grant({ Resource: undefined }),
  },
  {
    what: "only of one organisation",
    parts: CONDITION,
    code: "grant.conditional",
    exit: 12,
    names: "o-sandbox0000",
    apply: grant({ Condition: { StringEquals: { "aws:PrincipalOrgID": "o-sandbox0000" } } }),
  },
  {
    what: "only with an encryption context",
    parts: CONDITION,
    code: "grant.conditional",
    exit: 12,
    names: "kms:EncryptionContext:app",
    apply: grant({ Condition: { StringEquals: { "kms:EncryptionContext:app": "billing" } } }),
  },
  {
    what: "only from one network",
    parts: CONDITION,
    code: "grant.conditional",
    exit: 12,
    names: "aws:SourceIp",
    apply: grant({ Condition: { IpAddress: { "aws:SourceIp": "203.0.113.0/24" } } }),
  },
  {
    what: "only through a service",
    parts: CONDITION,
    code: "grant.conditional",
    exit: 12,
    names: "kms:ViaService",
    apply: grant({ Condition: { StringEquals: { "kms:ViaService": `s3.${OWNER_REGION}.amazonaws.com` } } }),
  },
  {
    what: "only until a date to come",
    parts: CONDITION,
    code: "grant.conditional",
    exit: 12,
    names: "aws:CurrentTime",
    apply: grant({ Condition: { DateLessThan: { "aws:CurrentTime": "2100-01-01T00:00:00Z" } } }),
  },
  {
    what: "only for callers of the owner's account",
    parts: CONDITION,
    code: "grant.missing",
    exit: 10,
    names: ROLE,
    apply: grant({ Condition: { StringEquals: { "kms:CallerAccount": OWNER_ACCOUNT } } }),
  },
  {
    what: "an Allow turned into a Deny",
    parts: STATEMENT,
    code: "grant.denied",
    exit: 10,
    names: GRANT,
    apply: grant({ Effect: "Deny" }),
  },
  {
    what: "the statement is gone",
    parts: STATEMENT,
    code: "grant.missing",
    exit: 10,
    names: ROLE,
    apply: (stage) => policy(stage, (all) => all.filter((one) => one["Sid"] !== GRANT)),
  },
  {
    what: "a Deny of Decrypt",
    parts: ["deny"],
    code: "grant.denied",
    exit: 10,
    names: "Keep out",
    apply: also({ Sid: "Keep out", Effect: "Deny", Principal: { AWS: ROLE }, Action: "kms:Decrypt" }),
  },
  {
    what: "a Deny with NotPrincipal",
    parts: ["deny"],
    code: "grant.denied",
    exit: 10,
    names: "Only our own",
    apply: also({
      Sid: "Only our own",
      Effect: "Deny",
      NotPrincipal: { AWS: [`arn:aws:iam::${OWNER_ACCOUNT}:root`, OWNER.arn, AUDITOR.arn] },
      Action: ["kms:Encrypt", "kms:Decrypt"],
    }),
  },
  {
    what: "a Deny with NotAction and NotResource",
    parts: ["deny"],
    code: "grant.denied",
    exit: 10,
    names: "Only signing",
    apply: also({
      Sid: "Only signing",
      Effect: "Deny",
      Principal: { AWS: ROLE },
      NotAction: "kms:Sign",
      Resource: undefined,
      NotResource: OTHER_KEY,
    }),
  },
  {
    what: "a Deny to all but one organisation",
    parts: ["deny"],
    code: "grant.conditional",
    exit: 12,
    names: "aws:PrincipalOrgID",
    apply: also({
      Sid: "Organisation",
      Effect: "Deny",
      Principal: { AWS: ROLE },
      Action: "kms:*",
      Condition: { StringNotEquals: { "aws:PrincipalOrgID": "o-sandbox0000" } },
    }),
  },
  {
    what: "a principal that was deleted",
    parts: ["orphan"],
    code: "grant.orphaned-principal",
    exit: 0,
    names: ORPHAN,
    apply: also({ Sid: "Left", Effect: "Allow", Principal: { AWS: [ORPHAN, OWNER.arn] }, Action: "kms:Decrypt" }),
  },
];

/** Of the reference: another key is looked at, or none. */
const ALIAS = `arn:aws:kms:${OWNER_REGION}:${OWNER_ACCOUNT}:alias/granted`;
const REFERENCE_BREAKS: readonly Break[] = [
  {
    what: "the reference has another region",
    parts: ["reference"],
    code: "key.not-found",
    exit: 10,
    names: "us-east-1",
    hides: [...EVERYTHING, "registration"],
    apply: refer(KEY.replace(OWNER_REGION, "us-east-1")),
  },
  {
    what: "the alias leads to another key",
    parts: ["reference"],
    shows: PRINCIPAL,
    code: "grant.missing",
    exit: 10,
    names: ROLE,
    hides: [...EVERYTHING, "key", "registration"],
    apply: (stage) => {
      const aws = stage.worlds["aws"] as AwsWorld;
      const keyId = HEALTHY_AWS_KEY.split("/")[1] ?? "";
      aws.aliases = aws.aliases.map((one) => (one.name === "alias/granted" ? { ...one, keyId } : one));
      stage.ref = ALIAS;
    },
  },
  {
    what: "the alias is gone",
    parts: ["reference"],
    code: "key.not-found",
    exit: 10,
    names: "alias/granted",
    hides: [...EVERYTHING, "registration"],
    apply: (stage) => {
      const aws = stage.worlds["aws"] as AwsWorld;
      aws.aliases = aws.aliases.filter((one) => one.name !== "alias/granted");
      stage.ref = ALIAS;
    },
  },
];

const LOOK_BREAKS: readonly Break[] = [
  {
    what: "the policy may not be read",
    parts: ["policy"],
    code: "look.denied",
    level: "grant",
    exit: 12,
    names: "GetKeyPolicy",
    hides: DOCUMENTS,
    apply: also({
      Sid: "Sealed",
      Effect: "Deny",
      Principal: { AWS: [OWNER.arn, AUDITOR.arn] },
      Action: "kms:GetKeyPolicy",
    }),
  },
  {
    what: "the caller may not use the key",
    parts: ["caller"],
    code: "roundtrip.not-permitted",
    exit: 0,
    names: "kms:Encrypt",
    apply: also({
      Sid: "Not for people",
      Effect: "Deny",
      Principal: { AWS: OWNER.arn },
      Action: ["kms:Encrypt", "kms:Decrypt"],
    }),
  },
  {
    what: "the key may not be looked at",
    parts: ["describe"],
    code: "look.denied",
    level: "key",
    exit: 12,
    names: "DescribeKey",
    hides: [...ITSELF, "caller"],
    apply: also({ Sid: "Unseen", Effect: "Deny", Principal: { AWS: OWNER.arn }, Action: "kms:DescribeKey" }),
  },
  {
    what: "the cloud throttles",
    parts: ["fault"],
    code: "look.throttled",
    level: "key",
    exit: 12,
    names: KEY,
    hides: EVERYTHING,
    slow: true,
    apply: key(() => ({ fault: "throttled" })),
  },
  {
    what: "the cloud has an internal error",
    parts: ["fault"],
    code: "look.unreachable",
    level: "key",
    exit: 12,
    names: KEY,
    hides: EVERYTHING,
    slow: true,
    apply: key(() => ({ fault: "internal" })),
  },
  {
    what: "the cloud hangs up",
    parts: ["fault"],
    code: "look.unreachable",
    level: "key",
    exit: 12,
    names: KEY,
    hides: EVERYTHING,
    slow: true,
    apply: key(() => ({ fault: "reset" })),
  },
];

export const AWS: CloudMatrix = {
  cloud: "aws",
  title: "AWS KMS",
  key: KEY,
  breaks: [
    ...REFERENCE_BREAKS,
    ...KEY_BREAKS,
    ...GRANT_BREAKS,
    ...LOOK_BREAKS,
    ...principalBreaks("aws", [...DOCUMENTS, "policy"], {
      changed: { role_arn: OLD },
      unsafe: { role_arn: `arn:aws:iam::${VENDOR_ACCOUNT}:root` },
    }),
    ...PROJECT_BREAKS,
  ],
  together: [
    {
      of: ["one session of the role", "no Action at all"],
      code: "grant.missing",
      why: "A statement for one session is not meant for the role.",
    },
    {
      of: ["one session of the role", "no Resource at all"],
      code: "grant.missing",
      why: "A statement for one session is not meant for the role.",
    },
  ],
};
