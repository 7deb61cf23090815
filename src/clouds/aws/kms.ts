/**
 * The few calls of AWS that keygrant makes, in AWS's own words, so that nothing but `sdk.ts` depends on an SDK. Every
 * call rejects as the SDK does (`errors.ts` reads that) and stops when the signal is aborted.
 */

export interface Answered {
  readonly $metadata: { readonly requestId?: string | undefined };
}

/** As much of DescribeKey's KeyMetadata as decides anything. */
export interface KeyMetadata {
  readonly Arn?: string | undefined;
  readonly KeyId?: string | undefined;
  readonly AWSAccountId?: string | undefined;
  readonly Enabled?: boolean | undefined;
  readonly KeyState?: string | undefined;
  readonly KeyUsage?: string | undefined;
  readonly KeySpec?: string | undefined;
  readonly CustomerMasterKeySpec?: string | undefined;
  readonly KeyManager?: string | undefined;
  readonly Origin?: string | undefined;
  readonly CustomKeyStoreId?: string | undefined;
  readonly DeletionDate?: Date | undefined;
  readonly ValidTo?: Date | undefined;
  readonly MultiRegionConfiguration?: MultiRegionConfiguration | undefined;
}

export interface MultiRegionConfiguration {
  readonly PrimaryKey?: RegionalKey | undefined;
  readonly ReplicaKeys?: readonly RegionalKey[] | undefined;
}

export interface RegionalKey {
  readonly Arn?: string | undefined;
  readonly Region?: string | undefined;
}

export interface EncryptionContext {
  readonly [name: string]: string;
}

/** KMS in one region, as one caller. */
export interface KmsPort {
  describeKey(
    input: { readonly KeyId: string },
    signal?: AbortSignal,
  ): Promise<{ readonly KeyMetadata?: KeyMetadata | undefined }>;

  getKeyPolicy(
    input: { readonly KeyId: string; readonly PolicyName: "default" },
    signal?: AbortSignal,
  ): Promise<{ readonly Policy?: string | undefined }>;

  getKeyRotationStatus(
    input: { readonly KeyId: string },
    signal?: AbortSignal,
  ): Promise<{ readonly KeyRotationEnabled?: boolean | undefined }>;

  /** One page. */
  listGrants(
    input: { readonly KeyId: string; readonly Marker?: string },
    signal?: AbortSignal,
  ): Promise<{
    readonly Grants?: readonly object[] | undefined;
    readonly NextMarker?: string | undefined;
    readonly Truncated?: boolean | undefined;
  }>;

  /** Not repeated when it may have arrived, as `putKeyPolicy`. */
  revokeGrant(input: { readonly KeyId: string; readonly GrantId: string }, signal?: AbortSignal): Promise<Answered>;

  /** Not repeated when it may have arrived: whoever calls decides whether a write is tried again. */
  putKeyPolicy(
    input: { readonly KeyId: string; readonly PolicyName: "default"; readonly Policy: string },
    signal?: AbortSignal,
  ): Promise<Answered>;

  encrypt(
    input: { readonly KeyId: string; readonly Plaintext: Uint8Array; readonly EncryptionContext: EncryptionContext },
    signal?: AbortSignal,
  ): Promise<{ readonly CiphertextBlob?: Uint8Array | undefined; readonly KeyId?: string | undefined }>;

  decrypt(
    input: {
      readonly KeyId: string;
      readonly CiphertextBlob: Uint8Array;
      readonly EncryptionContext: EncryptionContext;
    },
    signal?: AbortSignal,
  ): Promise<{ readonly Plaintext?: Uint8Array | undefined; readonly KeyId?: string | undefined }>;

  /** With `DryRun`: rejects with a DryRunOperationException when it would have succeeded, and is never done. */
  mayEncrypt(
    input: { readonly KeyId: string; readonly Plaintext: Uint8Array; readonly EncryptionContext: EncryptionContext },
    signal?: AbortSignal,
  ): Promise<unknown>;

  /** As `mayEncrypt`, and without a ciphertext (`IGNORE_CIPHERTEXT`): only the permission is looked at. */
  mayDecrypt(
    input: { readonly KeyId: string; readonly EncryptionContext: EncryptionContext },
    signal?: AbortSignal,
  ): Promise<unknown>;
}

export interface StsPort {
  getCallerIdentity(signal?: AbortSignal): Promise<{ readonly Arn?: string | undefined }>;

  assumeRole(
    input: { readonly RoleArn: string; readonly RoleSessionName: string; readonly DurationSeconds: number },
    signal?: AbortSignal,
  ): Promise<{
    readonly Credentials?:
      | {
          readonly AccessKeyId: string | undefined;
          readonly SecretAccessKey: string | undefined;
          readonly SessionToken: string | undefined;
          readonly Expiration?: Date | undefined;
        }
      | undefined;
  }>;
}

/** Credentials as they stand in an environment, or as STS hands them out. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** How the calls are reached: a client for each region, made on first use. */
export interface AwsClients {
  kms(region: string): KmsPort;
  /** KMS with other credentials than the caller's own. */
  kmsAs(credentials: AwsCredentials, region: string): KmsPort;
  sts(region: string): StsPort;
  /** The origins at which both answer. */
  endpoints(region: string): Promise<{ readonly kms: string; readonly sts: string }>;
}
