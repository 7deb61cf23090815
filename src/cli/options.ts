import { type Command, InvalidArgumentError, Option } from "commander";
import { CLOUD_IDS, type GrantForms } from "../clouds/index.ts";
import { parseDuration } from "../core/duration.ts";
import type { CloudId } from "../core/model.ts";
import type { FieldValues } from "../core/trust.ts";

export interface CommonOptions {
  readonly vendor: string;
  readonly output: "text" | "json";
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  /** Milliseconds; undefined: no deadline. */
  readonly deadline?: number;
  readonly sandbox: boolean;
}

/** The options that every command takes which asks somebody something. */
export function common(command: Command): Command {
  return asking(printing(command));
}

/** Whom to ask, and for how long. */
export function asking(command: Command): Command {
  return command
    .option("--vendor <id>", "the SaaS vendor", "aiven")
    .addOption(
      new Option("--timeout <duration>", "of one call: 500ms, 30s, 2m").argParser(duration).default(30_000, "30s"),
    )
    .option("--deadline <duration>", "of the whole command", duration)
    .option(
      "--sandbox",
      "run against the embedded sandbox: real HTTP, worthless keys, nothing leaves this machine",
      false,
    );
}

export interface ConfigOptions {
  /** A file; undefined: KEYGRANT_CONFIG, or the one in the current folder, if there is one. */
  readonly config?: string;
}

/** Where the configuration is. */
export function configuring(command: Command): Command {
  return command.option(
    "--config <file>",
    "the configuration (default: KEYGRANT_CONFIG, or keygrant.yaml in the current folder, if there is one)",
  );
}

/** What is printed, and how. */
export function printing(command: Command): Command {
  return talking(command).addOption(
    new Option("-o, --output <format>", "what is printed on stdout").choices(["text", "json"]).default("text"),
  );
}

/** How much is said on stderr, and in which colours. */
export function talking(command: Command): Command {
  return command
    .option("-q, --quiet", "print nothing but results and errors", false)
    .option("-v, --verbose", "say more about errors", false)
    .option("--no-color", "no colours (as NO_COLOR does)");
}

export interface LocatingOptions {
  readonly region?: string;
  readonly cloud?: CloudId;
  readonly gcpEndpoint?: string;
  readonly impersonateServiceAccount?: string;
  readonly ociAuth?: string;
  readonly ociVault?: string;
  readonly ociManagementEndpoint?: string;
  readonly ociCryptoEndpoint?: string;
}

/** The options that say where a key is, and how its cloud is reached, when neither reference nor environment does. */
export function locating(command: Command): Command {
  return command
    .addOption(new Option("--cloud <id>", "for references that do not tell: an AWS alias or key id").choices(CLOUD_IDS))
    .option("--region <name>", "for references that do not tell (default: AWS_REGION)")
    .option("--gcp-endpoint <url>", "another endpoint of Google Cloud KMS")
    .option("--impersonate-service-account <email>", "the Google service account that makes the round trip")
    .option(
      "--oci-auth <how>",
      "how to log in to OCI: api_key, security_token, instance_principal, … (default: OCI_CLI_AUTH)",
    )
    .option("--oci-vault <ocid>", "the OCI vault, when its endpoints are not those that the key's OCID suggests")
    .option("--oci-management-endpoint <url>", "the OCI vault's management endpoint")
    .option("--oci-crypto-endpoint <url>", "the OCI vault's cryptographic endpoint");
}

export interface GrantingOptions {
  readonly role?: string;
  readonly scope: GrantForms["scope"];
  readonly export: boolean;
}

/** The options that say how a grant is written, where a cloud knows more than one form. */
export function granting(command: Command): Command {
  return command
    .option("--role <name>", "Google Cloud: another role than the vendor's page names")
    .addOption(
      new Option("--scope <scope>", "OCI: what the grant covers")
        .choices(["key", "compartment", "tenancy"])
        .default("key"),
    )
    .option("--no-export", "OCI: without the permission to export the key (not the vendor's documented form)");
}

/** `500ms`, `30s`, `5m`, `24h`, `30d`, in milliseconds. */
export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError("Write it like 500ms, 30s, 5m or 24h.");
  return ms;
}

/** Collects `name=value` pairs. */
export function fieldValue(text: string, before: FieldValues = {}): FieldValues {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Write it like role_arn=arn:aws:iam::123456789012:role/aiven-cmk-anchor.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

export function several(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

export function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("Give a whole number from 1 on.");
  return Number(text);
}

export function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError("Give a port from 0 to 65535.");
  return Number(text);
}

export interface ShardChoice {
  readonly index: number;
  readonly of: number;
}

/** `i/n`, i from 0. */
export function shard(text: string): ShardChoice {
  const [, index, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  if (index === undefined || of === undefined || Number(index) >= Number(of)) {
    throw new InvalidArgumentError("Write it like 0/4, 1/4, … up to 3/4.");
  }
  return { index: Number(index), of: Number(of) };
}

/** `20%`, as a fraction. */
export function share(text: string): number {
  const percent = Number(/^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1] ?? Number.NaN);
  if (!(percent > 0 && percent <= 100)) throw new InvalidArgumentError("Write it like 20%.");
  return percent / 100;
}
