/**
 * The few calls of Google Cloud that keygrant makes, in Google's own words, so that nothing but `sdk.ts` depends on an
 * SDK. Every call is made once, rejects as the SDK does (`errors.ts` reads that) and stops when the signal is aborted.
 * https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys
 */

/** `google.protobuf.Timestamp`, as the client decodes it. */
export interface Timestamp {
  readonly seconds?: Long | null | undefined;
  readonly nanos?: number | null | undefined;
}

/** A 64-bit number: text in JSON, whatever the client makes of it. */
export type Long = string | number | { toString(): string };

/** `google.protobuf.Int64Value`. */
export interface Int64Value {
  readonly value?: Long | null | undefined;
}

/** As requests carry it. */
export interface Checksum {
  readonly value: number;
}

/** A value of an enumeration: its name, or its number when the client does not know the name. */
export type Enum = string | number | null | undefined;

export interface CryptoKeyVersion {
  readonly name?: string | null | undefined;
  readonly state?: Enum;
  readonly algorithm?: Enum;
  readonly protectionLevel?: Enum;
  /** Of a version that is scheduled for destruction. */
  readonly destroyTime?: Timestamp | null | undefined;
}

export interface CryptoKey {
  readonly name?: string | null | undefined;
  readonly purpose?: Enum;
  /** Symmetric keys only. */
  readonly primary?: CryptoKeyVersion | null | undefined;
  readonly versionTemplate?: { readonly algorithm?: Enum; readonly protectionLevel?: Enum } | null | undefined;
  readonly rotationPeriod?: Timestamp | null | undefined;
  readonly nextRotationTime?: Timestamp | null | undefined;
  readonly importOnly?: boolean | null | undefined;
  readonly keyAccessJustificationsPolicy?:
    | { readonly allowedAccessReasons?: readonly Enum[] | null | undefined }
    | null
    | undefined;
}

/** Bytes as they travel: base64 text, or what the client made of it. */
export type Bytes = Uint8Array | string | null | undefined;

export interface EncryptRequest {
  readonly name: string;
  readonly plaintext: Uint8Array;
  readonly plaintextCrc32c: Checksum;
  readonly additionalAuthenticatedData: Uint8Array;
  readonly additionalAuthenticatedDataCrc32c: Checksum;
}

export interface EncryptResponse {
  /** The version that was used. */
  readonly name?: string | null | undefined;
  readonly ciphertext?: Bytes;
  readonly ciphertextCrc32c?: Int64Value | null | undefined;
  readonly verifiedPlaintextCrc32c?: boolean | null | undefined;
  readonly verifiedAdditionalAuthenticatedDataCrc32c?: boolean | null | undefined;
}

export interface DecryptRequest {
  readonly name: string;
  readonly ciphertext: Uint8Array;
  readonly ciphertextCrc32c: Checksum;
  readonly additionalAuthenticatedData: Uint8Array;
  readonly additionalAuthenticatedDataCrc32c: Checksum;
}

export interface DecryptResponse {
  readonly plaintext?: Bytes;
  readonly plaintextCrc32c?: Int64Value | null | undefined;
}

export interface PublicKey {
  readonly name?: string | null | undefined;
  readonly pem?: string | null | undefined;
  readonly pemCrc32c?: Int64Value | null | undefined;
  readonly algorithm?: Enum;
}

export interface AsymmetricDecryptRequest {
  readonly name: string;
  readonly ciphertext: Uint8Array;
  readonly ciphertextCrc32c: Checksum;
}

export interface AsymmetricDecryptResponse extends DecryptResponse {
  readonly verifiedCiphertextCrc32c?: boolean | null | undefined;
}

export interface VersionPage {
  readonly cryptoKeyVersions?: readonly CryptoKeyVersion[] | null | undefined;
  readonly nextPageToken?: string | null | undefined;
}

/** What the probe needs, as the caller or as a service account that the caller may impersonate. */
export interface CryptoPort {
  /** One page; the first for an empty token. */
  listCryptoKeyVersions(key: string, pageToken: string, signal: AbortSignal): Promise<VersionPage>;
  encrypt(request: EncryptRequest, signal: AbortSignal): Promise<EncryptResponse>;
  decrypt(request: DecryptRequest, signal: AbortSignal): Promise<DecryptResponse>;
  getPublicKey(version: string, signal: AbortSignal): Promise<PublicKey>;
  asymmetricDecrypt(request: AsymmetricDecryptRequest, signal: AbortSignal): Promise<AsymmetricDecryptResponse>;
  /** Those of the permissions that the caller has on a key or a key ring, as JSON text. Needs no permission. */
  testIamPermissions(resource: string, permissions: readonly string[], signal: AbortSignal): Promise<string>;
}

/** Cloud KMS and what stands around it, as one caller. Policies travel as JSON text, so that nothing in them is lost. */
export interface GcpPort extends CryptoPort {
  getCryptoKey(key: string, signal: AbortSignal): Promise<CryptoKey>;
  /** Of a key or a key ring, at version 3. */
  getIamPolicy(resource: string, signal: AbortSignal): Promise<string>;
  /** Writes bindings only, on the condition that the policy still has the etag in it. Returns what was stored. */
  setIamPolicy(key: string, policy: string, signal: AbortSignal): Promise<string>;
  /** Of a project, at version 3. */
  getProjectIamPolicy(project: string, signal: AbortSignal): Promise<string>;
  /** As `testIamPermissions`, of a project. */
  testProjectPermissions(project: string, permissions: readonly string[], signal: AbortSignal): Promise<string>;
  /** A role with its permissions, as JSON text. */
  getRole(role: string, signal: AbortSignal): Promise<string>;
  /** Who the caller is; null when nobody would say. */
  caller(signal: AbortSignal): Promise<string | null>;
  /** The same service, as a service account. */
  impersonate(serviceAccount: string, signal: AbortSignal): Promise<CryptoPort>;
  /** Where the calls go: origins. */
  readonly origins: { readonly kms: string; readonly resourceManager: string; readonly iam: string };
}
