import type { Call } from "./call.ts";
import { AwsError } from "./errors.ts";
import { decrypt, encrypt, generateDataKey } from "./kms-crypto.ts";
import { deleteImportedKeyMaterial, getParametersForImport, importKeyMaterial } from "./kms-import.ts";
import {
  cancelKeyDeletion,
  createKey,
  describeKey,
  getKeyRotationStatus,
  listKeys,
  replicateKey,
  scheduleKeyDeletion,
  setEnabled,
  setRotation,
} from "./kms-lifecycle.ts";
import {
  createAlias,
  createGrant,
  deleteAlias,
  getKeyPolicy,
  listAliases,
  listGrants,
  listKeyPolicies,
  putKeyPolicy,
  revokeGrant,
} from "./kms-policy.ts";

/** What KMS does here; an operation without an answer of its own gives nothing back. */
const OPERATIONS: Readonly<Record<string, (call: Call) => unknown>> = {
  CancelKeyDeletion: cancelKeyDeletion,
  CreateAlias: createAlias,
  CreateGrant: createGrant,
  CreateKey: createKey,
  Decrypt: decrypt,
  DeleteAlias: deleteAlias,
  DeleteImportedKeyMaterial: deleteImportedKeyMaterial,
  DescribeKey: describeKey,
  DisableKey: (call) => setEnabled(call, false),
  DisableKeyRotation: (call) => setRotation(call, false),
  EnableKey: (call) => setEnabled(call, true),
  EnableKeyRotation: (call) => setRotation(call, true),
  Encrypt: encrypt,
  GenerateDataKey: generateDataKey,
  GetKeyPolicy: getKeyPolicy,
  GetKeyRotationStatus: getKeyRotationStatus,
  GetParametersForImport: getParametersForImport,
  ImportKeyMaterial: importKeyMaterial,
  ListAliases: listAliases,
  ListGrants: listGrants,
  ListKeyPolicies: listKeyPolicies,
  ListKeys: listKeys,
  PutKeyPolicy: putKeyPolicy,
  ReplicateKey: replicateKey,
  RevokeGrant: revokeGrant,
  ScheduleKeyDeletion: scheduleKeyDeletion,
};

/** Runs one call. Throws AWS's error; an empty answer is null. */
export function runKms(call: Call): object | null {
  const operation = Object.hasOwn(OPERATIONS, call.operation) ? OPERATIONS[call.operation] : undefined;
  if (operation === undefined) throw new AwsError("UnknownOperationException");
  const answer = operation(call);
  return typeof answer === "object" ? answer : null;
}
