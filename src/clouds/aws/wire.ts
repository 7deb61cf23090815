/**
 * The shapes of AWS's answers as far as they are used. The SDK hands on what came, whatever it is: text where a number
 * stood, or a number where an ARN should be.
 */

type Kind = "text" | "flag" | "date" | "bytes" | Shape | readonly [Kind];
interface Shape {
  readonly [name: string]: Kind;
}

const REGIONAL: Shape = { Arn: "text", Region: "text" };

const KEY_METADATA: Shape = {
  ...{ Arn: "text", KeyId: "text", AWSAccountId: "text", Enabled: "flag", KeyState: "text", KeyUsage: "text" },
  ...{ KeySpec: "text", CustomerMasterKeySpec: "text", KeyManager: "text", Origin: "text", CustomKeyStoreId: "text" },
  ...{ DeletionDate: "date", ValidTo: "date" },
  MultiRegionConfiguration: { PrimaryKey: REGIONAL, ReplicaKeys: [REGIONAL] },
};

export const SHAPES = {
  describeKey: { KeyMetadata: KEY_METADATA },
  getKeyPolicy: { Policy: "text" },
  getKeyRotationStatus: { KeyRotationEnabled: "flag" },
  listGrants: { Grants: [{}], NextMarker: "text", Truncated: "flag" },
  encrypt: { CiphertextBlob: "bytes", KeyId: "text" },
  decrypt: { Plaintext: "bytes", KeyId: "text" },
  getCallerIdentity: { Arn: "text" },
  assumeRole: {
    Credentials: { AccessKeyId: "text", SecretAccessKey: "text", SessionToken: "text", Expiration: "date" },
  },
} as const satisfies Readonly<Record<string, Shape>>;

/** The answer, when all that is there has its shape; what is not there is for whoever reads it. Throws otherwise. */
export function shaped<T extends object>(answer: T, shape: Shape): T {
  // To whoever reads the failure it is what it is: not AWS's JSON.
  if (!fits(answer, shape)) throw new SyntaxError("an answer of another shape");
  return answer;
}

function fits(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case "text":
      return typeof value === "string";
    case "flag":
      return typeof value === "boolean";
    case "date":
      return value instanceof Date;
    case "bytes":
      return value instanceof Uint8Array;
  }
  if (isList(kind)) return Array.isArray(value) && value.every((one) => fits(one, kind[0]));
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return Object.entries(kind).every(([name, inner]) => fields[name] == null || fits(fields[name], inner));
}

function isList(kind: Shape | readonly [Kind]): kind is readonly [Kind] {
  return Array.isArray(kind);
}
