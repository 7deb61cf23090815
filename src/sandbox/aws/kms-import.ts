import { authorize, type Call, OWN_KEY, oneOf, resolveKey, text } from "./call.ts";
import { hashOf, newRsaKey, rsaDecrypt } from "./crypto.ts";
import { AwsError, invalid, unsupported } from "./errors.ts";
import { bytes } from "./kms-crypto.ts";
import { materialId, seconds } from "./metadata.ts";
import { checkState } from "./states.ts";
import { daysAfter, type ImportToken, type KmsKey, remember } from "./world.ts";

/** The hybrid `RSA_AES_KEY_WRAP_…` algorithms are not imitated. */
const WRAPPING: readonly string[] = ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1"];
const MOST_BLOB = 6144;
const MATERIAL_BYTES = 32;

export function getParametersForImport(call: Call): object {
  const key = resolveKey(call, OWN_KEY);
  authorize(call, key, "kms:GetParametersForImport");
  const algorithm = oneOf(call, "WrappingAlgorithm", WRAPPING) ?? text(call, "WrappingAlgorithm");
  const spec = oneOf(call, "WrappingKeySpec", ["RSA_2048", "RSA_3072", "RSA_4096"]) ?? text(call, "WrappingKeySpec");
  checkImportable(key);
  const { privateKey, publicKeyDer } = newRsaKey(spec);
  const token = Buffer.from(call.context.random(48)).toString("base64");
  const validTo = daysAfter(call.now, 1);
  call.world.imports.push({ token, keyArn: key.arn, privateKey, algorithm, validTo });
  return {
    KeyId: key.arn,
    ImportToken: token,
    PublicKey: publicKeyDer.toString("base64"),
    ParametersValidTo: seconds(validTo),
  };
}

export function importKeyMaterial(call: Call): object {
  const key = resolveKey(call, OWN_KEY);
  authorize(call, key, "kms:ImportKeyMaterial");
  const wrapped = bytes(call, "EncryptedKeyMaterial", MOST_BLOB);
  const validTo = expiryOf(call);
  checkImportable(key);
  const token = tokenOf(call, key);
  const material = rsaDecrypt(token.privateKey, token.algorithm, wrapped);
  if (material === null) throw new AwsError("InvalidCiphertextException");
  const text64 = material.toString("base64");
  if (material.length !== MATERIAL_BYTES || (key.importedHash !== null && key.importedHash !== hashOf(text64))) {
    throw new AwsError("IncorrectKeyMaterialException");
  }
  remember(key, call.now);
  key.material = text64;
  key.importedHash = hashOf(text64);
  key.validTo = validTo;
  if (key.state === "PendingImport") key.state = "Enabled";
  return { KeyId: key.arn, KeyMaterialId: materialId(key) };
}

export function deleteImportedKeyMaterial(call: Call): object {
  const key = resolveKey(call, OWN_KEY);
  authorize(call, key, "kms:DeleteImportedKeyMaterial");
  checkOrigin(key);
  remember(key, call.now);
  const id = materialId(key);
  key.material = null;
  key.validTo = null;
  if (key.state !== "PendingDeletion") key.state = "PendingImport";
  return { KeyId: key.arn, ...(id === undefined ? {} : { KeyMaterialId: id }) };
}

function checkImportable(key: KmsKey): void {
  checkOrigin(key);
  checkState(key, key.state, "import");
  if (key.spec !== "SYMMETRIC_DEFAULT") throw unsupported("The sandbox imports material into symmetric keys only.");
}

function checkOrigin(key: KmsKey): void {
  if (key.origin === "EXTERNAL") return;
  throw unsupported(`${key.arn} origin is ${key.origin} which is not valid for this operation.`);
}

function expiryOf(call: Call): string | null {
  const models = ["KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"];
  const model = oneOf(call, "ExpirationModel", models) ?? "KEY_MATERIAL_EXPIRES";
  const validTo = call.input["ValidTo"];
  if (model === "KEY_MATERIAL_DOES_NOT_EXPIRE") {
    if (validTo === undefined || validTo === null) return null;
    throw invalid("A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE");
  }
  if (typeof validTo !== "number") {
    throw invalid("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES");
  }
  const time = new Date(validTo * 1000).toISOString();
  if (time <= call.now.toISOString() || time > daysAfter(call.now, 365)) {
    throw invalid("The validTo date must be in the future and at most 365 days ahead.");
  }
  return time;
}

function tokenOf(call: Call, key: KmsKey): ImportToken {
  const given = bytes(call, "ImportToken", MOST_BLOB).toString("base64");
  const token = call.world.imports.find((one) => one.token === given && one.keyArn === key.arn);
  if (token === undefined) throw new AwsError("InvalidImportTokenException");
  if (Date.parse(token.validTo) <= call.now.getTime()) throw new AwsError("ExpiredImportTokenException");
  return token;
}
