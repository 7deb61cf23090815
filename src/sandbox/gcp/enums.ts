/**
 * The numbers of google/cloud/kms/v1/resources.proto. Google's own client libraries ask for them with
 * `$alt=json;enum-encoding=int`, and may send them.
 */
const PURPOSE = {
  ENCRYPT_DECRYPT: 1,
  ASYMMETRIC_SIGN: 5,
  ASYMMETRIC_DECRYPT: 6,
  RAW_ENCRYPT_DECRYPT: 7,
  MAC: 9,
};
const PROTECTION_LEVEL = { SOFTWARE: 1, HSM: 2, EXTERNAL: 3, EXTERNAL_VPC: 4 };
const STATE = {
  ENABLED: 1,
  DISABLED: 2,
  DESTROYED: 3,
  DESTROY_SCHEDULED: 4,
  PENDING_GENERATION: 5,
  PENDING_IMPORT: 6,
  IMPORT_FAILED: 7,
};
const ALGORITHM = {
  GOOGLE_SYMMETRIC_ENCRYPTION: 1,
  RSA_SIGN_PSS_2048_SHA256: 2,
  RSA_SIGN_PSS_3072_SHA256: 3,
  RSA_SIGN_PSS_4096_SHA256: 4,
  RSA_SIGN_PKCS1_2048_SHA256: 5,
  RSA_SIGN_PKCS1_3072_SHA256: 6,
  RSA_SIGN_PKCS1_4096_SHA256: 7,
  RSA_DECRYPT_OAEP_2048_SHA256: 8,
  RSA_DECRYPT_OAEP_3072_SHA256: 9,
  RSA_DECRYPT_OAEP_4096_SHA256: 10,
  EC_SIGN_P256_SHA256: 12,
  EC_SIGN_P384_SHA384: 13,
  RSA_DECRYPT_OAEP_4096_SHA512: 17,
  AES_256_GCM: 19,
  HMAC_SHA256: 32,
  RSA_DECRYPT_OAEP_2048_SHA1: 37,
  RSA_DECRYPT_OAEP_3072_SHA1: 38,
  RSA_DECRYPT_OAEP_4096_SHA1: 39,
  AES_128_GCM: 41,
  AES_256_CBC: 43,
  AES_256_CTR: 45,
};
const ACCESS_REASON = {
  CUSTOMER_INITIATED_SUPPORT: 1,
  GOOGLE_INITIATED_SERVICE: 2,
  THIRD_PARTY_DATA_REQUEST: 3,
  GOOGLE_INITIATED_REVIEW: 4,
  CUSTOMER_INITIATED_ACCESS: 5,
  GOOGLE_INITIATED_SYSTEM_OPERATION: 6,
  REASON_NOT_EXPECTED: 7,
  MODIFIED_CUSTOMER_INITIATED_ACCESS: 8,
  MODIFIED_GOOGLE_INITIATED_SYSTEM_OPERATION: 9,
  GOOGLE_RESPONSE_TO_PRODUCTION_ALERT: 10,
  CUSTOMER_AUTHORIZED_WORKFLOW_SERVICING: 11,
};

type Numbers = Readonly<Record<string, number>>;

const ENUM_FIELDS: Readonly<Record<string, Numbers>> = {
  purpose: PURPOSE,
  protectionLevel: PROTECTION_LEVEL,
  state: STATE,
  algorithm: ALGORITHM,
  allowedAccessReasons: ACCESS_REASON,
};

/** The name of a value that came as a name or as a number; undefined for what is neither. */
export function enumName(field: string, value: unknown): string | undefined {
  const numbers = Object.entries(ENUM_FIELDS[field] ?? {});
  return numbers.find(([name, number]) => value === name || value === number)?.[0];
}

/** The same answer with numbers in the place of names. */
export function withNumbers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNumbers);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => [field, numbersOf(ENUM_FIELDS[field], inner)]),
  );
}

function numbersOf(numbers: Numbers | undefined, value: unknown): unknown {
  if (numbers === undefined) return withNumbers(value);
  if (Array.isArray(value)) return value.map((one) => numbersOf(numbers, one));
  return typeof value === "string" ? (numbers[value] ?? value) : value;
}
