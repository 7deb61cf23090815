import {
  ANY_KEY,
  authorize,
  type Call,
  oneOf,
  optionalNumber,
  optionalText,
  resolveKey,
  stopIfDry,
  stringList,
  stringMap,
  viewFor,
} from "./call.ts";
import {
  type EncryptionContext,
  newRsaKey,
  open,
  parseBlob,
  rsaCapacity,
  rsaDecrypt,
  rsaEncrypt,
  seal,
} from "./crypto.ts";
import { AwsError, invalid, invalidSecretValue, invalidState, invalidValue } from "./errors.ts";
import { algorithmsOf, materialId } from "./metadata.ts";
import { checkState } from "./states.ts";
import { findKey, type KmsKey, keyArn } from "./world.ts";

const ALGORITHMS: readonly string[] = ["SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"];
const MOST_PLAINTEXT = 4096;
const MOST_CIPHERTEXT = 6144;

export function encrypt(call: Call): object {
  const plaintext = bytes(call, "Plaintext", MOST_PLAINTEXT);
  const context = contextOf(call);
  const algorithm = algorithmOf(call);
  const key = resolveKey(call, ANY_KEY);
  authorize(call, key, "kms:Encrypt", cryptoContext(context, algorithm));
  checkState(key, viewFor(call, key).state, "use");
  checkUsage(call, key, algorithm);
  stopIfDry(call);
  const blob = encryptUnder(call, key, algorithm, plaintext, context);
  return { CiphertextBlob: blob.toString("base64"), KeyId: key.arn, EncryptionAlgorithm: algorithm };
}

export function generateDataKey(call: Call): object {
  const context = contextOf(call);
  const spec = oneOf(call, "KeySpec", ["AES_256", "AES_128"]);
  const number = optionalNumber(call, "NumberOfBytes", 1, 1024);
  if ((spec === undefined) === (number === undefined)) {
    throw invalid("Please specify either number of bytes or key spec.");
  }
  const key = resolveKey(call, ANY_KEY);
  authorize(call, key, "kms:GenerateDataKey", cryptoContext(context, "SYMMETRIC_DEFAULT"));
  checkState(key, viewFor(call, key).state, "use");
  checkUsage(call, key, "SYMMETRIC_DEFAULT");
  stopIfDry(call);
  const plaintext = Buffer.from(call.context.random(number ?? (spec === "AES_128" ? 16 : 32)));
  const blob = encryptUnder(call, key, "SYMMETRIC_DEFAULT", plaintext, context);
  return {
    CiphertextBlob: blob.toString("base64"),
    Plaintext: plaintext.toString("base64"),
    KeyId: key.arn,
    KeyMaterialId: materialId(key),
  };
}

export function decrypt(call: Call): object {
  if (ignoresCiphertext(call)) return checkDecrypt(call);
  const ciphertext = bytes(call, "CiphertextBlob", MOST_CIPHERTEXT);
  const context = contextOf(call);
  const algorithm = algorithmOf(call);
  const said = optionalText(call, "KeyId") === undefined ? null : resolveKey(call, ANY_KEY);
  if (algorithm !== "SYMMETRIC_DEFAULT" && said === null) {
    throw invalid("KeyId is required when the encryption algorithm is not SYMMETRIC_DEFAULT.");
  }
  const key = algorithm === "SYMMETRIC_DEFAULT" ? keyOfCiphertext(call, said, ciphertext) : said;
  if (key === null) throw new AwsError("InvalidCiphertextException");
  authorize(call, key, "kms:Decrypt", cryptoContext(context, algorithm));
  checkState(key, viewFor(call, key).state, "use");
  if (algorithm !== "SYMMETRIC_DEFAULT") checkUsage(call, key, algorithm);
  stopIfDry(call);
  const plaintext = decryptUnder(key, algorithm, ciphertext, context);
  if (plaintext === null) throw new AwsError("InvalidCiphertextException");
  return {
    KeyId: key.arn,
    Plaintext: plaintext.toString("base64"),
    EncryptionAlgorithm: algorithm,
    ...(materialId(key) === undefined ? {} : { KeyMaterialId: materialId(key) }),
  };
}

/** "KMS performs only authorization validation without ciphertext validation" (API_Decrypt.html, DryRunModifiers). */
function ignoresCiphertext(call: Call): boolean {
  return stringList(call, "DryRunModifiers").includes("IGNORE_CIPHERTEXT");
}

function checkDecrypt(call: Call): never {
  const context = contextOf(call);
  const algorithm = algorithmOf(call);
  const key = resolveKey(call, ANY_KEY);
  authorize(call, key, "kms:Decrypt", cryptoContext(context, algorithm));
  checkState(key, viewFor(call, key).state, "use");
  stopIfDry(call);
  throw invalid("DryRunModifiers is for DryRun.");
}

/** Whose ciphertext it is, in the Region that is asked; Multi-Region keys are one and the same in every Region. */
function keyOfCiphertext(call: Call, said: KmsKey | null, ciphertext: Buffer): KmsKey {
  const blob = parseBlob(ciphertext);
  if (blob === null) throw new AwsError("InvalidCiphertextException");
  const [, , , region, account = "", resource = ""] = blob.keyArn.split(":");
  const id = resource.slice("key/".length);
  if (said !== null) {
    const same = said.arn === blob.keyArn || (said.multiRegion !== null && said.account === account && said.id === id);
    if (same) return said;
    throw new AwsError(
      "IncorrectKeyException",
      "The key ID in the request does not identify a CMK that can perform this operation.",
    );
  }
  const arn = id.startsWith("mrk-") ? keyArn(call.region, account, id) : blob.keyArn;
  const key = region === call.region || id.startsWith("mrk-") ? findKey(call.world, arn) : undefined;
  if (key !== undefined) return resolveKey(call, ANY_KEY, key.arn);
  throw new AwsError(
    "AccessDeniedException",
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
  );
}

function encryptUnder(
  call: Call,
  key: KmsKey,
  algorithm: string,
  plaintext: Buffer,
  context: EncryptionContext,
): Buffer {
  if (algorithm === "SYMMETRIC_DEFAULT") return seal(key.arn, materialOf(key), plaintext, context, call.context.random);
  const most = rsaCapacity(key.spec, algorithm);
  if (plaintext.length > most) {
    throw invalid(`Algorithm ${algorithm} and key spec ${key.spec} cannot encrypt data larger than ${most} bytes.`);
  }
  return rsaEncrypt(rsaKeyOf(key), algorithm, plaintext);
}

function decryptUnder(key: KmsKey, algorithm: string, ciphertext: Buffer, context: EncryptionContext): Buffer | null {
  if (algorithm !== "SYMMETRIC_DEFAULT") return rsaDecrypt(rsaKeyOf(key), algorithm, ciphertext);
  const blob = parseBlob(ciphertext);
  return blob === null ? null : open(blob, materialOf(key), context);
}

function materialOf(key: KmsKey): string {
  if (key.material === null) throw invalidState(key.arn, "pending import");
  return key.material;
}

/** An RSA pair takes long to make, so it is made when it is first used. */
function rsaKeyOf(key: KmsKey): string {
  key.material ??= newRsaKey(key.spec).privateKey;
  return key.material;
}

function checkUsage(call: Call, key: KmsKey, algorithm: string): void {
  if (key.usage !== "ENCRYPT_DECRYPT") {
    const message = `${key.arn} key usage is ${key.usage} which is not valid for ${call.operation}.`;
    throw new AwsError("InvalidKeyUsageException", message);
  }
  if (!algorithmsOf(key.spec, key.usage).includes(algorithm)) {
    const message = `Algorithm ${algorithm} is incompatible with key spec ${key.spec}.`;
    throw new AwsError("InvalidKeyUsageException", message);
  }
}

function algorithmOf(call: Call): string {
  return oneOf(call, "EncryptionAlgorithm", ALGORITHMS) ?? "SYMMETRIC_DEFAULT";
}

function contextOf(call: Call): EncryptionContext {
  return stringMap(call, call.input["EncryptionContext"]);
}

function cryptoContext(context: EncryptionContext, algorithm: string): Readonly<Record<string, string | string[]>> {
  const pairs = Object.entries(context).map(([key, value]) => [`kms:EncryptionContext:${key}`, value] as const);
  const keys = Object.keys(context);
  return {
    "kms:EncryptionAlgorithm": algorithm,
    ...Object.fromEntries(pairs),
    ...(keys.length > 0 ? { "kms:EncryptionContextKeys": keys } : {}),
  };
}

export function bytes(call: Call, name: string, most: number): Buffer {
  const value = call.input[name];
  if (value === undefined || value === null) throw invalidValue(name, null, "Member must not be null");
  if (typeof value !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw new AwsError("SerializationException");
  const data = Buffer.from(value, "base64");
  if (data.length < 1) throw invalidSecretValue(name, "Member must have length greater than or equal to 1");
  if (data.length > most) throw invalidSecretValue(name, `Member must have length less than or equal to ${most}`);
  return data;
}
