import { GCP_AUDITOR, GCP_GROUP_DEMO, GCP_GROUP_OLD, GCP_OWNER } from "../cast.ts";
import { type Change, daysAfter, disabled, version } from "./recipe.ts";
import type { Binding } from "./world.ts";

/** A key of a fresh world, and what `keygrant validate` should say of it, asked as the owner for project `demo`. */
export interface Recipe {
  readonly name: string;
  /** A sentence; null where nothing is wrong with the key. */
  readonly wrong: string | null;
  /** The code that must be among the findings; null where the key is fine and granted. */
  readonly code: string | null;
  readonly exit: 0 | 10 | 11 | 12;
  /** Null: there is no such key. */
  readonly make: ((now: Date) => Change) | null;
  /** Another project than `demo`; its key ring has its name. */
  readonly project?: "shared" | "walled" | "hidden";
  /** Another key ring than `demo`. */
  readonly ring?: "granted";
}

const ENCRYPTER_DECRYPTER = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
const OPERATOR = "roles/cloudkms.cryptoOperator";
const DECRYPTER = "roles/cloudkms.cryptoKeyDecrypter";
const MEMBER = `group:${GCP_GROUP_DEMO}`;
/** What Google shows in the place of a group that was deleted. */
const ORPHAN = `deleted:group:${GCP_GROUP_DEMO}?uid=123456789012345678901`;

export const GRANT: Binding = { role: ENCRYPTER_DECRYPTER, members: [MEMBER] };
const RSA_GRANT: Binding = { role: OPERATOR, members: [MEMBER] };
export const CUSTOM_ROLE = "projects/demo/roles/keyUser";
export const NARROW_ROLE = "projects/demo/roles/keyEncrypter";

/** A symmetric key that the vendor may use, and what else is so about it. */
function granted(change: Change = {}): () => Change {
  return () => ({ bindings: [GRANT], ...change });
}

function bindings(...list: readonly Binding[]): () => Change {
  return () => ({ bindings: list });
}

function rsa(size: 2048 | 3072 | 4096, change: Change = {}): () => Change {
  return () => ({
    purpose: "ASYMMETRIC_DECRYPT",
    algorithm: `RSA_DECRYPT_OAEP_${size}_SHA256`,
    bindings: [RSA_GRANT],
    ...change,
  });
}

/** The grant, under a condition. */
function when(title: string, expression: string): () => Change {
  return bindings({ ...GRANT, condition: { title, expression } });
}

type Verdict = Pick<Recipe, "wrong" | "code" | "exit">;
const FINE: Verdict = { wrong: null, code: null, exit: 0 };

function fails(code: string, wrong: string): Verdict {
  return { wrong, code, exit: 10 };
}

function waits(code: string, wrong: string): Verdict {
  return { wrong, code, exit: 11 };
}

function unsure(code: string, wrong: string): Verdict {
  return { wrong, code, exit: 12 };
}

function warns(code: string, wrong: string): Verdict {
  return { wrong, code, exit: 0 };
}

const HEALTHY: Verdict = { wrong: null, code: "grant.missing", exit: 10 };

export const RECIPES: readonly Recipe[] = [
  // Nothing wrong. The first two are the ones to play with: nobody is let in yet.
  { name: "symmetric", ...HEALTHY, make: bindings() },
  { name: "rsa", ...HEALTHY, make: rsa(2048, { bindings: [] }) },
  { name: "granted", ...FINE, make: granted() },
  { name: "rsa-granted", ...FINE, make: rsa(2048) },
  { name: "rsa-4096", ...FINE, make: rsa(4096) },
  {
    name: "rsa-two-roles",
    ...FINE,
    make: rsa(2048, {
      bindings: [
        { role: DECRYPTER, members: [MEMBER] },
        { role: "roles/cloudkms.publicKeyViewer", members: [MEMBER] },
      ],
    }),
  },
  { name: "granted-at-ring", ...FINE, ring: "granted", make: bindings() },
  { name: "granted-at-project", ...FINE, project: "shared", make: bindings() },
  { name: "custom-role", ...FINE, make: bindings({ role: CUSTOM_ROLE, members: [MEMBER] }) },
  {
    name: "upper-case",
    ...FINE,
    make: bindings({ ...GRANT, members: [MEMBER.replace("access", "Access").replace("aiven.io", "Aiven.IO")] }),
  },
  { name: "until-2100", ...FINE, make: when("for long", 'request.time < timestamp("2100-01-01T00:00:00Z")') },
  {
    name: "this-key-only",
    ...FINE,
    make: when(
      "this key",
      'resource.name.startsWith("projects/demo/locations/europe-west1/keyRings/demo/cryptoKeys/this-key-only")',
    ),
  },
  { name: "two-versions", ...FINE, make: granted({ versions: [version(1), version(2)], primary: 2 }) },
  {
    name: "denied-above",
    wrong: "A deny policy above the key, which no document shows, keeps the vendor's group from using it.",
    code: null,
    exit: 0,
    make: granted({ deniedTo: [MEMBER] }),
  },
  // The state of the key.
  { name: "absent", ...fails("key.not-found", "There is no such key."), make: null },
  {
    name: "disabled",
    ...fails("key.disabled", "The key's primary version is disabled."),
    make: granted({ versions: [disabled(1)] }),
  },
  {
    name: "rsa-disabled",
    ...fails("key.disabled", "The key's only version is disabled."),
    make: rsa(2048, { versions: [disabled(1)] }),
  },
  {
    name: "destroy-scheduled",
    ...fails("key.pending-deletion", "The key's primary version is scheduled for destruction."),
    make: (now) => granted({ versions: [version(1, "DESTROY_SCHEDULED", { destroyTime: daysAfter(now, 20) })] })(),
  },
  {
    name: "destroyed",
    ...fails("key.no-material", "The key's primary version is destroyed: there is no key material any more."),
    make: granted({
      versions: [version(1, "DESTROYED", { destroyEventTime: "2026-01-01T00:00:00.000Z", material: null })],
    }),
  },
  {
    name: "no-version",
    ...fails("key.no-material", "The key was made without a version: there is no key material."),
    make: granted({ versions: [], primary: null }),
  },
  {
    name: "import-failed",
    ...fails("key.no-material", "The import of the key's only version failed."),
    make: granted({
      versions: [version(1, "IMPORT_FAILED", { importFailureReason: "The wrapped key is malformed.", material: null })],
      importOnly: true,
      primary: null,
    }),
  },
  {
    name: "pending-generation",
    ...waits("key.not-ready", "The key's primary version is being generated."),
    make: granted({
      versions: [version(1, "PENDING_GENERATION", { generateTime: null, material: null, protectionLevel: "HSM" })],
      protectionLevel: "HSM",
    }),
  },
  {
    name: "pending-import",
    ...waits("key.not-ready", "The key's only version is being imported."),
    make: granted({
      versions: [version(1, "PENDING_IMPORT", { generateTime: null, material: null })],
      importOnly: true,
      primary: null,
    }),
  },
  {
    name: "no-justification",
    ...fails("key.unavailable", "The key's Key Access Justifications policy allows no reason for using it."),
    make: granted({ allowedAccessReasons: [] }),
  },
  // The kind of the key.
  {
    name: "signing",
    ...fails("key.wrong-usage", "The key is for signatures."),
    make: granted({ purpose: "ASYMMETRIC_SIGN", algorithm: "EC_SIGN_P256_SHA256" }),
  },
  {
    name: "mac",
    ...fails("key.wrong-usage", "The key is for message authentication codes."),
    make: granted({ purpose: "MAC", algorithm: "HMAC_SHA256" }),
  },
  {
    name: "raw",
    ...fails("key.wrong-usage", "The key is for raw encryption."),
    make: granted({ purpose: "RAW_ENCRYPT_DECRYPT", algorithm: "AES_256_GCM" }),
  },
  { name: "rsa-3072", ...fails("key.wrong-algorithm", "The key is RSA with 3072 bits."), make: rsa(3072) },
  // What the policies say.
  {
    name: "grant-missing",
    ...fails("grant.missing", "The policy lets another group of the vendor's in, whose name ends in -old."),
    make: bindings({ ...GRANT, members: [`group:${GCP_GROUP_OLD}`] }),
  },
  {
    name: "admin-only",
    ...fails(
      "grant.missing",
      "The policy makes the vendor's group an administrator, which is not allowed to use the key.",
    ),
    make: bindings({ role: "roles/cloudkms.admin", members: [MEMBER] }),
  },
  {
    name: "expired",
    ...fails("grant.missing", "The grant was for a time that is over."),
    make: when("until 2025", 'request.time < timestamp("2025-01-01T00:00:00Z")'),
  },
  {
    name: "not-yet",
    ...fails("grant.missing", "The grant is for a time to come."),
    make: when("from 2100 on", 'request.time >= timestamp("2100-01-01T00:00:00Z")'),
  },
  {
    name: "other-key-only",
    ...fails("grant.missing", "The grant has a condition that is true of another key."),
    make: when("another key", 'resource.name.endsWith("/cryptoKeys/granted")'),
  },
  {
    name: "partial",
    ...fails("grant.partial", "The policy allows the vendor to decrypt, not to encrypt."),
    make: bindings({ role: DECRYPTER, members: [MEMBER] }),
  },
  {
    name: "rsa-partial",
    ...fails("grant.partial", "The policy allows the vendor to decrypt, not to see the public key."),
    make: rsa(2048, { bindings: [{ role: DECRYPTER, members: [MEMBER] }] }),
  },
  {
    name: "custom-role-partial",
    ...fails("grant.partial", "The policy grants a custom role that contains encrypting alone."),
    make: bindings({ role: NARROW_ROLE, members: [MEMBER] }),
  },
  {
    name: "conditional",
    ...unsure("grant.conditional", "The grant holds only for requests with a certain access level."),
    make: when("from the office", '"accessPolicies/1/accessLevels/office" in request.auth.access_levels'),
  },
  {
    name: "conditional-tag",
    ...unsure("grant.conditional", "The grant holds only while the key has a certain tag."),
    make: when("production", 'resource.matchTag("100000000001/environment", "production")'),
  },
  {
    name: "everybody",
    ...warns("grant.too-broad", "The policy lets everybody on the internet encrypt and decrypt."),
    make: bindings({ ...GRANT, members: ["allUsers"] }),
  },
  {
    name: "authenticated",
    ...warns("grant.too-broad", "The policy lets everybody with a Google account encrypt and decrypt."),
    make: bindings({ ...GRANT, members: ["allAuthenticatedUsers"] }),
  },
  {
    name: "orphaned",
    ...fails(
      "grant.missing",
      "The policy names a group that was deleted, and not the one of the same name that is there now.",
    ),
    make: bindings({ ...GRANT, members: [ORPHAN] }),
  },
  {
    name: "orphaned-granted",
    ...warns("grant.orphaned-principal", "The policy also names a group that was deleted."),
    make: bindings({ ...GRANT, members: [ORPHAN, MEMBER] }),
  },
  // What cannot be looked at.
  {
    name: "unreadable",
    ...unsure("look.denied", "The owner's people may not read the policies of the key, its ring or its project."),
    project: "walled",
    make: granted(),
  },
  {
    name: "not-visible",
    ...unsure("grant.not-visible", "No grant is on the key, and the policies above it cannot be read."),
    project: "walled",
    make: bindings({ role: "roles/iam.securityReviewer", members: [GCP_OWNER.member, GCP_AUDITOR.member] }),
  },
  {
    name: "granted-below-the-wall",
    ...FINE,
    project: "walled",
    make: bindings({ role: "roles/iam.securityReviewer", members: [GCP_OWNER.member, GCP_AUDITOR.member] }, GRANT),
  },
  {
    name: "hidden",
    ...unsure("look.denied", "The key belongs to a project that lets nobody from here look."),
    project: "hidden",
    make: granted(),
  },
  {
    name: "quota",
    ...unsure("look.throttled", "Every call on the key exceeds a quota."),
    make: granted({ fault: "quota" }),
  },
  {
    name: "unavailable",
    ...unsure("look.unreachable", "Every call on the key is answered with 503."),
    make: granted({ fault: "unavailable" }),
  },
  {
    name: "hangs-up",
    ...unsure("look.unreachable", "Every call on the key ends in a connection that is reset."),
    make: granted({ fault: "reset" }),
  },
  {
    name: "token-expired",
    ...unsure("look.credentials", "Every call on the key says that the access token has expired."),
    make: granted({ fault: "token-expired" }),
  },
  // What works, and deserves a look.
  {
    name: "old-version-disabled",
    ...warns("key.old-version-unavailable", "An older version of the key is disabled."),
    make: granted({ versions: [disabled(1), version(2)], primary: 2 }),
  },
  {
    name: "old-version-going",
    ...warns("key.old-version-unavailable", "An older version of the key is scheduled for destruction in a week."),
    make: (now) =>
      granted({
        versions: [version(1, "DESTROY_SCHEDULED", { destroyTime: daysAfter(now, 7) }), version(2)],
        primary: 2,
      })(),
  },
  {
    name: "expiring",
    ...warns("grant.expiring", "The grant ends in ten days."),
    make: (now) => when("ten days", `request.time < timestamp("${daysAfter(now, 10)}")`)(),
  },
  {
    name: "rotation-off",
    ...warns("key.rotation-off", "Google does not rotate the key."),
    make: granted({ rotation: null }),
  },
];
