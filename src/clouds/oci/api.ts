/**
 * The few calls of OCI that keygrant makes, in OCI's own words, so that nothing but `sdk.ts` depends on an SDK. Every
 * call rejects with an `OciCallError` (`errors.ts`).
 */

/** Where calls go: the address, and the host that they are meant for when another one stands in for all of OCI. */
export interface Endpoint {
  readonly base: string;
  readonly instead: string | null;
}

/** As much of a key as decides anything. */
export interface OciKey {
  readonly id: string;
  readonly compartmentId: string;
  readonly lifecycleState: string;
  readonly algorithm: string;
  /** In bytes, as OCI counts it. */
  readonly length: number;
  readonly curveId: string | null;
  /** `HSM`, `SOFTWARE` or `EXTERNAL`. */
  readonly protectionMode: string;
  readonly currentKeyVersion: string | null;
  /** ISO 8601. */
  readonly timeOfDeletion: string | null;
  readonly autoRotation: boolean | null;
}

export interface OciKeyVersion {
  readonly id: string;
  readonly lifecycleState: string;
}

/** One vault's management endpoint. */
export interface ManagementPort {
  getKey(keyId: string): Promise<OciKey>;
  /** All of them. */
  listKeyVersions(keyId: string): Promise<readonly OciKeyVersion[]>;
}

/** `null` associated data is for keys that take none. */
export interface CryptoInput {
  readonly keyId: string;
  readonly algorithm: "AES_256_GCM" | "RSA_OAEP_SHA_256";
  readonly associatedData: Readonly<Record<string, string>> | null;
}

/** One vault's crypto endpoint. Bytes travel as base64. */
export interface CryptoPort {
  encrypt(
    input: CryptoInput & { readonly plaintext: string },
  ): Promise<{ readonly ciphertext: string; readonly keyId: string | null }>;
  decrypt(
    input: CryptoInput & { readonly ciphertext: string },
  ): Promise<{ readonly plaintext: string; readonly keyId: string | null }>;
}

export interface VaultPort {
  getVault(vaultId: string): Promise<{ readonly managementEndpoint: string; readonly cryptoEndpoint: string }>;
}

export interface OciCompartment {
  readonly id: string;
  readonly name: string;
  /** The parent's OCID; the root compartment has none, or itself. */
  readonly parentId: string | null;
}

export interface OciPolicy {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly compartmentId: string;
  readonly lifecycleState: string;
  readonly statements: readonly string[];
}

export interface OciRegion {
  readonly name: string;
  readonly isHome: boolean;
  readonly isReady: boolean;
}

export interface NewPolicy {
  readonly compartmentId: string;
  readonly name: string;
  readonly description: string;
  readonly statements: readonly string[];
}

/** What every write answers. */
export interface Written {
  readonly requestId: string | null;
}

export interface IdentityPort {
  getCompartment(id: string): Promise<OciCompartment>;
  listRegions(tenancyId: string): Promise<readonly OciRegion[]>;
  /** All of them, with their statements and without their etags. */
  listPolicies(compartmentId: string): Promise<readonly OciPolicy[]>;
  getPolicy(id: string): Promise<{ readonly policy: OciPolicy; readonly etag: string }>;
  /** Writes are not repeated when they may have arrived: whoever calls decides that. */
  createPolicy(policy: NewPolicy): Promise<Written & { readonly id: string }>;
  updatePolicy(id: string, statements: readonly string[], etag: string): Promise<Written>;
  deletePolicy(id: string, etag: string): Promise<Written>;
}

/** How the calls are reached, as one caller. Nothing is asked before a call is made. */
export interface OciClients {
  management(at: Endpoint): ManagementPort;
  crypto(at: Endpoint): CryptoPort;
  vaults(at: Endpoint): VaultPort;
  identity(at: Endpoint): IdentityPort;
  /** Who the caller is, as an OCID; null when the credentials do not tell. */
  caller(): Promise<string | null>;
  /** The caller's tenancy and a region of it; null when the credentials do not tell. */
  home(): Promise<{ readonly tenancy: string; readonly region: string } | null>;
  /** The same with another profile of the configuration file. */
  as(profile: string): OciClients;
}
