import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { usageError } from "../core/errors.ts";

/** The environment as it was handed in. Nothing else in keygrant reads variables. */
export interface Environment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

export interface AivenCredentials {
  readonly token: string;
  /** The origin of the API, without `/v1`; undefined for Aiven's own. */
  readonly webUrl: string | undefined;
  /** Private certificate authorities in PEM form. */
  readonly ca: string | undefined;
}

/**
 * Aiven's credentials from where Aiven's own clients keep them: `AIVEN_AUTH_TOKEN` (Python client), `AIVEN_TOKEN`
 * (Go client, Terraform), else what `avn user login` left in its credentials file. What is given (by the
 * configuration) stands over the environment.
 */
export async function aivenCredentials(
  environment: Environment,
  given: { readonly token?: string | null; readonly url?: string | null } = {},
): Promise<AivenCredentials> {
  const { env } = environment;
  const token = given.token || env["AIVEN_AUTH_TOKEN"] || env["AIVEN_TOKEN"] || (await tokenOfLogin(environment));
  if (!token) {
    throw usageError(
      "credentials.missing",
      "There is no Aiven token: AIVEN_AUTH_TOKEN and AIVEN_TOKEN are not set, and nobody is logged in with `avn user login`.",
      "Set AIVEN_AUTH_TOKEN, or log in with `avn user login`. To look around without an account, add --sandbox.",
    );
  }
  const caFile = env["AIVEN_CA_CERT"];
  return {
    token,
    webUrl: given.url || env["AIVEN_WEB_URL"] || undefined,
    ca: caFile ? await readCa(caFile) : undefined,
  };
}

async function tokenOfLogin({ env, home }: Environment): Promise<string | null> {
  const folder = env["AIVEN_CONFIG_DIR"] || join(home, ".config", "aiven");
  const path = resolve(folder, env["AIVEN_CREDENTIALS_FILE"] || "aiven-credentials.json");
  const text = await readOptional(path);
  if (text === null) return null;
  const content = parse(text);
  if (content === undefined) {
    // Without the cause: what a parser says of a file quotes from it, and this one holds a token.
    throw usageError(
      "credentials.unreadable",
      `The credentials file ${path} is not JSON.`,
      "Log in again with `avn user login`.",
    );
  }
  const hasToken = typeof content === "object" && content !== null && "auth_token" in content;
  return hasToken && typeof content.auth_token === "string" ? content.auth_token : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readOptional(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw usageError(
      "credentials.unreadable",
      `The credentials file ${path} cannot be read.`,
      "Check who owns it.",
      error,
    );
  }
}

/** The certificate authorities that AIVEN_CA_CERT names. */
export async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw usageError(
      "credentials.unreadable",
      `AIVEN_CA_CERT names ${path}, which cannot be read.`,
      "Point it at a file with the certificate authority in PEM form.",
      error,
    );
  }
}

export interface AwsEnvironment {
  /** For references that do not say where the key is. */
  readonly region: string | undefined;
  /** Keys that stand in the environment; undefined: the SDK's default chain decides. */
  readonly credentials:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
    | undefined;
  readonly profile: string | undefined;
  readonly kmsEndpoint: string | undefined;
  readonly stsEndpoint: string | undefined;
}

/** What the AWS CLI and SDKs read too (https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html). */
export function awsEnvironment({ env }: Environment): AwsEnvironment {
  const accessKeyId = env["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = env["AWS_SECRET_ACCESS_KEY"];
  const sessionToken = env["AWS_SESSION_TOKEN"];
  const profile = env["AWS_PROFILE"] || undefined;
  const hasKeys = accessKeyId && secretAccessKey && profile === undefined;
  const anyEndpoint = env["AWS_ENDPOINT_URL"] || undefined;
  return {
    region: env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || undefined,
    credentials: hasKeys ? { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) } : undefined,
    profile,
    kmsEndpoint: env["AWS_ENDPOINT_URL_KMS"] || anyEndpoint,
    stsEndpoint: env["AWS_ENDPOINT_URL_STS"] || anyEndpoint,
  };
}

export interface GcpEnvironment {
  /** Instead of https://cloudkms.googleapis.com. */
  readonly endpoint: string | undefined;
  /** A file with an access token; undefined: application default credentials. */
  readonly accessTokenFile: string | undefined;
  /** The service account that makes the round trip; undefined: the caller itself. */
  readonly impersonate: string | undefined;
}

/** What gcloud reads too (https://cloud.google.com/sdk/docs/properties#setting_properties_via_environment_variables). */
export function gcpEnvironment({ env }: Environment): GcpEnvironment {
  return {
    endpoint: env["CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS"] || undefined,
    accessTokenFile: env["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"] || undefined,
    impersonate: undefined,
  };
}

export interface OciEnvironment {
  /** One address that stands in for all of OCI. */
  readonly endpoint: string | undefined;
  readonly configFile: string;
  readonly profile: string;
  /** `api_key`, `security_token`, `instance_principal`, …: how the caller proves who it is. */
  readonly auth: string;
  readonly home: string;
  /** The vault's OCID, from which OCI tells its endpoints; or the endpoints themselves. */
  readonly vault: string | undefined;
  readonly managementEndpoint: string | undefined;
  readonly cryptoEndpoint: string | undefined;
  readonly scope: "key" | "compartment" | "tenancy";
  readonly noExport: boolean;
}

/** What the OCI CLI reads too (https://docs.oracle.com/en-us/iaas/Content/API/SDKDocs/clienvironmentvariables.htm). */
export function ociEnvironment({ env, home }: Environment): OciEnvironment {
  return {
    endpoint: env["KEYGRANT_OCI_ENDPOINT"] || undefined,
    configFile: env["OCI_CLI_CONFIG_FILE"] || join(home, ".oci", "config"),
    profile: env["OCI_CLI_PROFILE"] || "DEFAULT",
    auth: env["OCI_CLI_AUTH"] || "api_key",
    home,
    vault: undefined,
    managementEndpoint: undefined,
    cryptoEndpoint: undefined,
    scope: "key",
    noExport: false,
  };
}
