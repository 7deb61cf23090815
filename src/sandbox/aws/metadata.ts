import { createHash } from "node:crypto";
import type { RequestContext } from "./conditions.ts";
import { type AwsWorld, type KeyUsageName, type KmsKey, relatives } from "./world.ts";

const RSA_SIGNING = ["PSS", "PKCS1_V1_5"].flatMap((pad) =>
  ["256", "384", "512"].map((sha) => `RSASSA_${pad}_SHA_${sha}`),
);

/** https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html */
const ALGORITHMS: Readonly<Record<string, Partial<Record<KeyUsageName, readonly string[]>>>> = {
  SYMMETRIC_DEFAULT: { ENCRYPT_DECRYPT: ["SYMMETRIC_DEFAULT"] },
  RSA_2048: { ENCRYPT_DECRYPT: ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"], SIGN_VERIFY: RSA_SIGNING },
  RSA_3072: { ENCRYPT_DECRYPT: ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"], SIGN_VERIFY: RSA_SIGNING },
  RSA_4096: { ENCRYPT_DECRYPT: ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"], SIGN_VERIFY: RSA_SIGNING },
  ECC_NIST_P256: { SIGN_VERIFY: ["ECDSA_SHA_256"], KEY_AGREEMENT: ["ECDH"] },
  ECC_NIST_P384: { SIGN_VERIFY: ["ECDSA_SHA_384"], KEY_AGREEMENT: ["ECDH"] },
  ECC_NIST_P521: { SIGN_VERIFY: ["ECDSA_SHA_512"], KEY_AGREEMENT: ["ECDH"] },
  ECC_SECG_P256K1: { SIGN_VERIFY: ["ECDSA_SHA_256"] },
  HMAC_224: { GENERATE_VERIFY_MAC: ["HMAC_SHA_224"] },
  HMAC_256: { GENERATE_VERIFY_MAC: ["HMAC_SHA_256"] },
  HMAC_384: { GENERATE_VERIFY_MAC: ["HMAC_SHA_384"] },
  HMAC_512: { GENERATE_VERIFY_MAC: ["HMAC_SHA_512"] },
};

export const KEY_SPECS: readonly string[] = Object.keys(ALGORITHMS);

/** Empty for a pair of spec and usage that does not exist. */
export function algorithmsOf(spec: string, usage: KeyUsageName): readonly string[] {
  return ALGORITHMS[spec]?.[usage] ?? [];
}

const ALGORITHM_FIELD: Readonly<Record<KeyUsageName, string>> = {
  ENCRYPT_DECRYPT: "EncryptionAlgorithms",
  SIGN_VERIFY: "SigningAlgorithms",
  GENERATE_VERIFY_MAC: "MacAlgorithms",
  KEY_AGREEMENT: "KeyAgreementAlgorithms",
};

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html */
export function keyMetadata(world: AwsWorld, key: KmsKey): Record<string, unknown> {
  return {
    AWSAccountId: key.account,
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: seconds(key.createdAt),
    Enabled: key.state === "Enabled",
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: key.state,
    ...(key.state === "PendingDeletion" && key.deletionAt !== null ? { DeletionDate: seconds(key.deletionAt) } : {}),
    ...(key.state === "PendingReplicaDeletion" ? { PendingDeletionWindowInDays: key.deletionWindowDays } : {}),
    Origin: key.origin,
    ...expiry(key),
    ...(key.keyStore === null ? {} : { CustomKeyStoreId: key.keyStore.id, CloudHsmClusterId: key.keyStore.cluster }),
    KeyManager: key.manager,
    CustomerMasterKeySpec: key.spec,
    KeySpec: key.spec,
    [ALGORITHM_FIELD[key.usage]]: algorithmsOf(key.spec, key.usage),
    MultiRegion: key.multiRegion !== null,
    ...(key.multiRegion === null ? {} : { MultiRegionConfiguration: multiRegionConfiguration(world, key) }),
    ...(materialId(key) === undefined ? {} : { CurrentKeyMaterialId: materialId(key) }),
  };
}

/**
 * The page of KeyMetadata says when ValidTo is there, not whether it stays once the material has expired: it is taken
 * to stay, since it belongs to "any imported key material permanently associated with this KMS key".
 */
function expiry(key: KmsKey): Record<string, unknown> {
  if (key.origin !== "EXTERNAL") return {};
  if (key.validTo !== null) return { ExpirationModel: "KEY_MATERIAL_EXPIRES", ValidTo: seconds(key.validTo) };
  return key.material === null ? {} : { ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" };
}

function multiRegionConfiguration(world: AwsWorld, key: KmsKey): Record<string, unknown> {
  const entry = (one: KmsKey) => ({ Arn: one.arn, Region: one.region });
  const family = relatives(world, key);
  const primary = family.find((one) => one.multiRegion === "PRIMARY") ?? key;
  return {
    MultiRegionKeyType: key.multiRegion,
    PrimaryKey: entry(primary),
    ReplicaKeys: family.filter((one) => one.multiRegion === "REPLICA").map(entry),
  };
}

/** Only symmetric keys whose material KMS itself holds have one. */
export function materialId(key: KmsKey): string | undefined {
  if (key.spec !== "SYMMETRIC_DEFAULT" || key.material === null || key.keyStore !== null) return undefined;
  return createHash("sha256").update(`${key.id}\n${key.material}`).digest("hex");
}

export function keySpecContext(world: AwsWorld, key: KmsKey): RequestContext {
  const primary = relatives(world, key).find((one) => one.multiRegion === "PRIMARY");
  return {
    "kms:KeySpec": key.spec,
    "kms:CustomerMasterKeySpec": key.spec,
    "kms:KeyUsage": key.usage,
    "kms:CustomerMasterKeyUsage": key.usage,
    "kms:KeyOrigin": key.origin,
    "kms:MultiRegion": String(key.multiRegion !== null),
    ...(key.multiRegion === null ? {} : { "kms:MultiRegionKeyType": key.multiRegion }),
    ...(primary === undefined ? {} : { "kms:PrimaryRegion": primary.region }),
  };
}

/** JSON 1.1 carries times as seconds since 1970. */
export function seconds(time: string): number {
  return Date.parse(time) / 1000;
}
