import { resolve } from "node:path";
import { AUDITOR, OWNER, OWNER_REGION } from "./cast.ts";
import { replaceFile } from "./storage.ts";

/** With these a child process, the AWS CLI too, uses the sandbox's AWS as the owner. */
export function awsEnv(origin: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL_KMS: origin,
    AWS_ENDPOINT_URL_STS: origin,
    AWS_ACCESS_KEY_ID: OWNER.accessKeyId,
    AWS_SECRET_ACCESS_KEY: OWNER.secretAccessKey,
    AWS_REGION: OWNER_REGION,
    // Version 1 of the AWS CLI reads this one alone.
    AWS_DEFAULT_REGION: OWNER_REGION,
  };
}

export function awsAuditorEnv(): Readonly<Record<string, string>> {
  return { AWS_ACCESS_KEY_ID: AUDITOR.accessKeyId, AWS_SECRET_ACCESS_KEY: AUDITOR.secretAccessKey };
}

/** Lines `KEY=value` that a shell can source. Call it once the sandbox listens: whoever waits for the file starts then. */
export function writeEnvFile(path: string, env: Readonly<Record<string, string>>): void {
  const lines = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)}\n`);
  replaceFile(resolve(path), lines.join(""));
}

function quoted(value: string): string {
  return /^[\w./:@%+,=-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
