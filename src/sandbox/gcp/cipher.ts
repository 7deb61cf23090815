import { authorize, bytes, type Call, field, keyOf, onlyFields, snake, versionName, versionOf } from "./call.ts";
import { crc32c, newEcKey, newRsaKey, oaepDecrypt, oaepOf, open, parseCiphertext, publicPem, seal } from "./crypto.ts";
import { badField, failedPrecondition, GoogleError, invalid } from "./errors.ts";
import { parseName } from "./names.ts";
import type { CryptoKey, KeyVersion, Purpose } from "./world.ts";

const VERSIONS = "cloudkms.cryptoKeyVersions";
/** https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/encrypt */
const MOST_BYTES = 64 * 1024;
const MOST_HSM_BYTES = 8 * 1024;
/** What somebody's own API call is justified with: https://cloud.google.com/assured-workloads/key-access-justifications/docs/justification-codes */
const OWN_ACCESS = "CUSTOMER_INITIATED_ACCESS";

export function encrypt(call: Call): object {
  onlyFields(call.body, [
    "plaintext",
    "additionalAuthenticatedData",
    "plaintextCrc32c",
    "additionalAuthenticatedDataCrc32c",
  ]);
  authorize(call, `${VERSIONS}.useToEncrypt`);
  const plaintext = checked(call, "plaintext");
  const aad = checked(call, "additionalAuthenticatedData");
  const key = keyOf(call);
  checkPurpose(key, "ENCRYPT_DECRYPT", "Encrypt");
  checkSizes(key, plaintext.data, aad.data);
  const version = parseName(call.name).version === null ? primaryOf(key) : versionOf(call).version;
  const material = usable(key, version);
  checkJustification(key);
  const name = versionName(key, version);
  const ciphertext = seal(name, material, plaintext.data, aad.data, call.context.random);
  return {
    name,
    ciphertext: ciphertext.toString("base64"),
    ciphertextCrc32c: String(crc32c(ciphertext)),
    ...flag("verifiedPlaintextCrc32c", plaintext.verified),
    ...flag("verifiedAdditionalAuthenticatedDataCrc32c", aad.verified),
    protectionLevel: version.protectionLevel,
  };
}

export function decrypt(call: Call): object {
  onlyFields(call.body, [
    "ciphertext",
    "additionalAuthenticatedData",
    "ciphertextCrc32c",
    "additionalAuthenticatedDataCrc32c",
  ]);
  authorize(call, `${VERSIONS}.useToDecrypt`);
  const given = checked(call, "ciphertext");
  const aad = checked(call, "additionalAuthenticatedData");
  const key = keyOf(call);
  checkPurpose(key, "ENCRYPT_DECRYPT", "Decrypt");
  const ciphertext = parseCiphertext(given.data);
  if (ciphertext === null) throw invalid("Decryption failed: the ciphertext is invalid.");
  const version = key.versions.find((one) => versionName(key, one) === ciphertext.version);
  if (version === undefined) throw invalid("Decryption failed: verify that 'name' refers to the correct CryptoKey.");
  const material = usable(key, version);
  checkJustification(key);
  const plaintext = open(ciphertext, material, aad.data);
  if (plaintext === null) {
    throw invalid("Decryption failed: verify that 'ciphertext' and 'additional_authenticated_data' are correct.");
  }
  return {
    ...(plaintext.length === 0 ? {} : { plaintext: plaintext.toString("base64") }),
    plaintextCrc32c: String(crc32c(plaintext)),
    ...flag("usedPrimary", version.number === key.primary),
    protectionLevel: version.protectionLevel,
  };
}

export async function getPublicKey(call: Call): Promise<object> {
  authorize(call, `${VERSIONS}.viewPublicKey`);
  const { key, version } = versionOf(call);
  if (key.purpose !== "ASYMMETRIC_DECRYPT" && key.purpose !== "ASYMMETRIC_SIGN") {
    throw wrongPurpose(key, "GetPublicKey");
  }
  const pem = publicPem(await asymmetricMaterial(key, version));
  return {
    pem,
    algorithm: version.algorithm,
    pemCrc32c: String(crc32c(Buffer.from(pem))),
    name: versionName(key, version),
    protectionLevel: version.protectionLevel,
  };
}

export async function asymmetricDecrypt(call: Call): Promise<object> {
  onlyFields(call.body, ["ciphertext", "ciphertextCrc32c"]);
  authorize(call, `${VERSIONS}.useToDecrypt`);
  const given = checked(call, "ciphertext");
  const { key, version } = versionOf(call);
  checkPurpose(key, "ASYMMETRIC_DECRYPT", "AsymmetricDecrypt");
  const material = await asymmetricMaterial(key, version);
  checkJustification(key);
  const plaintext = oaepDecrypt(material, oaepOf(version.algorithm)?.hash ?? "", given.data);
  if (plaintext === null) throw invalid("Decryption failed.");
  return {
    ...(plaintext.length === 0 ? {} : { plaintext: plaintext.toString("base64") }),
    plaintextCrc32c: String(crc32c(plaintext)),
    ...flag("verifiedCiphertextCrc32c", given.verified),
    protectionLevel: version.protectionLevel,
  };
}

/** Google's JSON leaves out what is false. */
function flag(name: string, value: boolean): object {
  return value ? { [name]: true } : {};
}

/** The bytes of a field, held against the checksum that may have come with them. */
function checked(call: Call, name: string): { readonly data: Buffer; readonly verified: boolean } {
  const data = bytes(call.body, name);
  const sumField = `${name}Crc32c`;
  const sum = field(call.body, sumField);
  if (sum === undefined) return { data, verified: false };
  const at = snake(sumField);
  if ((typeof sum !== "string" && typeof sum !== "number") || !/^\d+$/.test(String(sum))) {
    throw badField(
      at,
      `Invalid value at '${at}' (type.googleapis.com/google.protobuf.Int64Value), ${JSON.stringify(sum)}`,
    );
  }
  if (Number(sum) !== crc32c(data)) {
    throw invalid(`The checksum in field ${at} did not match the data in field ${snake(name)}.`);
  }
  return { data, verified: true };
}

function checkSizes(key: CryptoKey, plaintext: Buffer, aad: Buffer): void {
  if (key.protectionLevel === "HSM") {
    if (plaintext.length + aad.length <= MOST_HSM_BYTES) return;
    throw invalid("The combined length of plaintext and additional_authenticated_data must be no larger than 8KiB.");
  }
  if (plaintext.length > MOST_BYTES) throw invalid("The plaintext must be no larger than 64KiB.");
  if (aad.length > MOST_BYTES) throw invalid("The additional_authenticated_data must be no larger than 64KiB.");
}

function primaryOf(key: CryptoKey): KeyVersion {
  const primary = key.versions.find(({ number }) => number === key.primary);
  if (primary !== undefined) return primary;
  throw failedPrecondition(`${key.name} does not have a primary version.`);
}

/** What a version in its state lets itself be used with. */
function usable(key: CryptoKey, version: KeyVersion): string {
  checkEnabled(key, version);
  if (version.material !== null) return version.material;
  throw new GoogleError("INTERNAL", "Internal error encountered.");
}

/** Words and details as gcloud shows them for a disabled version. */
export function checkEnabled(key: CryptoKey, version: KeyVersion): void {
  if (version.state === "ENABLED") return;
  const name = versionName(key, version);
  throw failedPrecondition(`${name} is not enabled, current state is: ${version.state}.`, {
    type: `KEY_${version.state}`,
    subject: name,
  });
}

/** Key pairs are made when they are first asked for: a fresh world would take seconds otherwise. */
async function asymmetricMaterial(key: CryptoKey, version: KeyVersion): Promise<string> {
  checkEnabled(key, version);
  if (version.material !== null) return version.material;
  const oaep = oaepOf(version.algorithm);
  const made = oaep === null ? await otherKeyPair(version.algorithm) : await newRsaKey(oaep.bits);
  // Somebody else may have asked meanwhile, or disabled the version.
  checkEnabled(key, version);
  version.material ??= made;
  return version.material;
}

async function otherKeyPair(algorithm: string): Promise<string> {
  const bits = /^RSA_SIGN_.*_(\d{4})(_|$)/.exec(algorithm)?.[1];
  if (bits !== undefined) return newRsaKey(Number(bits));
  return newEcKey(algorithm.includes("P384") ? "P-384" : "P-256");
}

function checkPurpose(key: CryptoKey, wanted: Purpose, method: string): void {
  if (key.purpose !== wanted) throw wrongPurpose(key, method);
}

function wrongPurpose(key: CryptoKey, method: string): GoogleError {
  return failedPrecondition(`${method} is not supported for ${key.name}: its purpose is ${key.purpose}.`);
}

/** The documentation says that the operation fails; the status and the words are assumed. */
function checkJustification(key: CryptoKey): void {
  if (key.allowedAccessReasons === null || key.allowedAccessReasons.includes(OWN_ACCESS)) return;
  throw new GoogleError(
    "PERMISSION_DENIED",
    `The Key Access Justifications policy of ${key.name} does not allow the access reason ${OWN_ACCESS}.`,
  );
}
