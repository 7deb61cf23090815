import {
  constants,
  createCipheriv,
  createDecipheriv,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  randomBytes,
} from "node:crypto";
import aiven from "../../../policies/aiven/gcp.json" with { type: "json" };
import { GcpAnswerError } from "../../../src/clouds/gcp/errors.ts";
import { checksum } from "../../../src/clouds/gcp/integrity.ts";
import { parseGcpKey } from "../../../src/clouds/gcp/key.ts";
import type { CryptoKey, CryptoKeyVersion, GcpPort } from "../../../src/clouds/gcp/kms.ts";
import { createGcpCloud, type GcpCloudDeps } from "../../../src/clouds/gcp/provider.ts";
import type {
  DocumentBody,
  Grant,
  KeyDescription,
  KeyFacts,
  KeyKind,
  KeyRef,
  PolicyDocument,
  Seen,
  VendorCloudPolicy,
} from "../../../src/core/model.ts";
import { seen, unseen } from "../../../src/core/model.ts";
import { fakeClock } from "../../io/stub.ts";

// A key in one project, a group at the vendor's, and a stand-in for Google Cloud behind the narrow port.

export const POLICY = aiven as VendorCloudPolicy;
export const [SYMMETRIC, RSA] = POLICY.key.kinds as unknown as readonly [KeyKind, KeyKind];
export const RING = "projects/demo/locations/europe-west1/keyRings/demo";
export const KEY = `${RING}/cryptoKeys/symmetric`;
export const GROUP = "access.example.12345678-1234-1234-1234-123456789abc@aiven.io";
export const MEMBER = `group:${GROUP}`;
export const ROLE = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
export const OPERATOR = "roles/cloudkms.cryptoOperator";

export function refOf(name: string): KeyRef {
  const ref = parseGcpKey(name);
  if (ref === null) throw new TypeError(name);
  return ref;
}

export const REF = refOf(KEY);

export function grantTo(...groups: readonly string[]): Grant {
  return { policy: POLICY, accessors: groups.map((access_group) => ({ cloud: "gcp", fields: { access_group } })) };
}

export const GRANT = grantTo(GROUP);

export interface RawBinding {
  readonly role: string;
  readonly members?: readonly string[];
  readonly condition?: object;
}

export function policyText(bindings: readonly RawBinding[], more: object = {}): string {
  return JSON.stringify({ version: 1, etag: "BwWWja0YfJA=", bindings, ...more }, null, 2);
}

export function body(bindings: readonly RawBinding[]): Seen<DocumentBody> {
  return seen({ text: policyText(bindings), revision: "BwWWja0YfJA=" });
}

export const DENIED: Seen<never> = unseen({ code: "look.denied", detail: "The caller may not read it." });

export const USABLE: KeyDescription = {
  state: "usable",
  stateName: "ENABLED",
  usage: "ENCRYPT_DECRYPT",
  algorithms: ["GOOGLE_SYMMETRIC_ENCRYPTION"],
  customerManaged: true,
  deletionAt: null,
  materialExpiresAt: null,
  exportable: false,
  olderVersions: [],
};
export const USABLE_RSA: KeyDescription = {
  ...USABLE,
  usage: "ASYMMETRIC_DECRYPT",
  algorithms: ["RSA_DECRYPT_OAEP_4096_SHA256"],
};

export interface Documents {
  readonly key?: Seen<DocumentBody>;
  readonly ring?: Seen<DocumentBody>;
  readonly project?: Seen<DocumentBody>;
  readonly more?: readonly PolicyDocument[];
  readonly description?: KeyDescription;
  readonly ref?: KeyRef;
}

export function factsOf(given: Documents): KeyFacts {
  const { key = body([]), ring = body([]), project = body([]), more = [], description = USABLE, ref = REF } = given;
  return {
    ref,
    key: seen(description),
    rotation: seen(true),
    documents: [
      { id: "key-policy", title: "the IAM policy of the key", body: key },
      { id: "ring-policy", title: "the IAM policy of the key ring", body: ring },
      { id: "project-policy", title: "the IAM policy of the project", body: project },
      ...more,
    ],
  };
}

export function roleDocument(role: string, permissions: readonly string[], more: object = {}): PolicyDocument {
  const text = JSON.stringify({ name: role, includedPermissions: permissions, etag: "BwX=", ...more });
  return { id: `role:${role}`, title: `the role ${role}`, body: seen({ text, revision: "BwX=" }) };
}

/** Google's error, as its REST API answers. */
export function googleError(http: number, status: string, message: string, details: readonly object[] = []): Error {
  return new GcpAnswerError(http, JSON.stringify({ error: { code: http, message, status, details } }));
}

export interface FakeKey {
  description: CryptoKey;
  versions: CryptoKeyVersion[];
  /** The policy's JSON, without its etag. */
  policy: object;
  etag: number;
}

let pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;

export function rsaPair() {
  pair ??= generateKeyPairSync("rsa", { modulusLength: 2048 });
  return pair;
}

export function version(key: string, number: number, state = "ENABLED", more: Partial<CryptoKeyVersion> = {}) {
  const name = `${key}/cryptoKeyVersions/${number}`;
  return { name, state, algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION", protectionLevel: "SOFTWARE", ...more };
}

export function symmetricKey(name = KEY): FakeKey {
  const first = version(name, 1);
  return {
    description: {
      name,
      purpose: "ENCRYPT_DECRYPT",
      primary: first,
      versionTemplate: { algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION", protectionLevel: "SOFTWARE" },
      rotationPeriod: { seconds: "7776000", nanos: 0 },
      nextRotationTime: { seconds: "1800000000", nanos: 0 },
    },
    versions: [first],
    policy: {},
    etag: 1,
  };
}

export function rsaKey(name = `${RING}/cryptoKeys/rsa`): FakeKey {
  const algorithm = "RSA_DECRYPT_OAEP_2048_SHA256";
  return {
    description: { name, purpose: "ASYMMETRIC_DECRYPT", primary: null, versionTemplate: { algorithm } },
    versions: [version(name, 1, "ENABLED", { algorithm })],
    policy: {},
    etag: 1,
  };
}

export type Fake = GcpPort & {
  readonly keys: Map<string, FakeKey>;
  readonly calls: string[];
  /** Other policies by resource, and roles by name, as JSON text. */
  readonly texts: Map<string, string>;
  /** Called before each call; throws to make it fail. */
  hook: (call: string, argument: string) => void | Promise<void>;
};

const AES_KEY = randomBytes(32);

/** A stand-in with etags, conflicts and real cryptography; no permissions. */
export function fakeGcp(...keys: readonly FakeKey[]): Fake {
  const fake: Fake = {
    keys: new Map(keys.map((key) => [key.description.name ?? "", key])),
    calls: [],
    texts: new Map([
      [RING, '{"etag":"ACAB"}'],
      ["projects/demo", '{"etag":"ACAB","version":1}'],
    ]),
    hook: () => {},
    async getCryptoKey(name) {
      await said("getCryptoKey", name);
      return find(name).description;
    },
    async listCryptoKeyVersions(name, token) {
      await said("listCryptoKeyVersions", name);
      const all = find(name).versions;
      const from = Number(token || 0);
      return {
        cryptoKeyVersions: all.slice(from, from + 2),
        nextPageToken: from + 2 < all.length ? `${from + 2}` : "",
      };
    },
    async getIamPolicy(name) {
      await said("getIamPolicy", name);
      const text = fake.texts.get(name);
      if (text !== undefined) return text;
      const key = find(name);
      return JSON.stringify({ ...key.policy, etag: etagOf(key) });
    },
    async setIamPolicy(name, text) {
      await said("setIamPolicy", name);
      const key = find(name);
      const { etag, ...policy } = JSON.parse(text) as { etag?: string };
      if (etag !== etagOf(key)) throw googleError(409, "ABORTED", "There were concurrent policy changes.");
      key.policy = policy;
      key.etag++;
      return JSON.stringify({ ...policy, etag: etagOf(key) });
    },
    async getProjectIamPolicy(project) {
      await said("getProjectIamPolicy", project);
      return fake.texts.get(`projects/${project}`) ?? "";
    },
    async getRole(role) {
      await said("getRole", role);
      const text = fake.texts.get(role);
      if (text === undefined) throw googleError(404, "NOT_FOUND", `The role named ${role} was not found.`);
      return text;
    },
    origins: { kms: "https://kms.invalid", resourceManager: "https://crm.invalid", iam: "https://iam.invalid" },
    testIamPermissions: async () => "{}",
    testProjectPermissions: async () => "{}",
    async caller() {
      await said("caller", "");
      return "owner@example.com";
    },
    async impersonate(account) {
      await said("impersonate", account);
      return fake;
    },
    async encrypt(request) {
      await said("encrypt", request.name);
      find(request.name);
      const iv = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", AES_KEY, iv).setAAD(request.additionalAuthenticatedData);
      const sealed = Buffer.concat([cipher.update(request.plaintext), cipher.final()]);
      const ciphertext = Buffer.concat([iv, cipher.getAuthTag(), sealed]);
      return {
        name: `${request.name}/cryptoKeyVersions/1`,
        ciphertext,
        ciphertextCrc32c: { value: String(checksum(ciphertext)) },
        verifiedPlaintextCrc32c: request.plaintextCrc32c.value === checksum(request.plaintext),
        verifiedAdditionalAuthenticatedDataCrc32c: true,
      };
    },
    async decrypt(request) {
      await said("decrypt", request.name);
      const sealed = Buffer.from(request.ciphertext);
      const open = createDecipheriv("aes-256-gcm", AES_KEY, sealed.subarray(0, 12));
      open.setAAD(request.additionalAuthenticatedData).setAuthTag(sealed.subarray(12, 28));
      const plaintext = Buffer.concat([open.update(sealed.subarray(28)), open.final()]);
      return { plaintext, plaintextCrc32c: { value: String(checksum(plaintext)) } };
    },
    async getPublicKey(name) {
      await said("getPublicKey", name);
      const pem = rsaPair().publicKey.export({ type: "spki", format: "pem" }).toString();
      const algorithm = [...fake.keys.values()]
        .flatMap((key) => key.versions)
        .find((one) => one.name === name)?.algorithm;
      return { name, pem, pemCrc32c: { value: String(checksum(Buffer.from(pem))) }, algorithm };
    },
    async asymmetricDecrypt(request) {
      await said("asymmetricDecrypt", request.name);
      const padding = constants.RSA_PKCS1_OAEP_PADDING;
      const plaintext = privateDecrypt({ key: rsaPair().privateKey, padding, oaepHash: "sha256" }, request.ciphertext);
      return {
        plaintext,
        plaintextCrc32c: { value: String(checksum(plaintext)) },
        verifiedCiphertextCrc32c: request.ciphertextCrc32c.value === checksum(request.ciphertext),
      };
    },
  };
  async function said(call: string, argument: string): Promise<void> {
    fake.calls.push(`${call} ${argument}`.trim());
    await fake.hook(call, argument);
  }
  function find(name: string): FakeKey {
    const key = fake.keys.get(name);
    if (key === undefined) throw googleError(404, "NOT_FOUND", `CryptoKey ${name} not found.`);
    return key;
  }
  return fake;
}

export function etagOf(key: FakeKey): string {
  return Buffer.from(`etag ${key.etag}`).toString("base64");
}

export function cloudOf(port: GcpPort, more: Partial<GcpCloudDeps> = {}) {
  return createGcpCloud({ port, clock: fakeClock(), jitter: () => 0.5, random: (size) => randomBytes(size), ...more });
}
