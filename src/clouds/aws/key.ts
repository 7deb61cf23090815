import { type KeygrantError, usageError } from "../../core/errors.ts";
import type { KeyRef } from "../../core/model.ts";

// The forms of a reference: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
const EXAMPLE = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Multi-Region key ids (https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html). */
const MULTI_REGION_ID = /^mrk-[0-9a-f]{32}$/i;
const REGION = /^[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}$/;
const PARTITION = /^aws(-[a-z]+)*$/;
const ACCOUNT = /^[0-9]{12}$/;
/** https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html */
const ALIAS = /^alias\/[a-zA-Z0-9/_-]{1,250}$/;

/** Regions whose names begin like this are not in the partition `aws`. The longer beginning comes first. */
const PARTITION_OF_REGION: readonly (readonly [string, string])[] = [
  ["cn-", "aws-cn"],
  ["us-gov-", "aws-us-gov"],
  ["us-iso-", "aws-iso"],
  ["us-isob-", "aws-iso-b"],
  ["us-isof-", "aws-iso-f"],
  ["eu-isoe-", "aws-iso-e"],
  ["eusc-", "aws-eusc"],
];

export interface ParseAwsKeyOptions {
  /** Where an alias name or a bare key id is looked up; an ARN carries its own region. */
  readonly region?: string | undefined;
  /** The user said that this is an AWS key: what is no ARN is an alias name or key id, or an error. */
  readonly forced: boolean;
}

/** An Amazon Resource Name, split at its first five colons. Nothing is checked. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly resource: string;
}

/** The parts of an ARN, or null when the text does not have six. */
export function splitArn(text: string): Arn | null {
  const [arn, partition, service, region, account, ...rest] = text.split(":");
  if (arn !== "arn" || partition === undefined || service === undefined) return null;
  if (region === undefined || account === undefined || rest.length === 0) return null;
  return { partition, service, region, account, resource: rest.join(":") };
}

/** Whether a reference can only be meant for AWS. Alias names and bare ids cannot be told from other things. */
export function looksLikeAws(text: string): boolean {
  return /^arn:/i.test(text.trim());
}

/**
 * Reads a reference to an AWS KMS key: a key ARN or an alias ARN in any partition and, when `forced`, an alias name
 * (`alias/…`) or a bare key id, which need a region. Null when the text is no reference to AWS and nobody said it
 * was. Throws a usage error that says what is wrong, with an example of a right one.
 */
export function parseAwsKey(text: string, options: ParseAwsKeyOptions): KeyRef | null {
  const reference = text.trim();
  if (looksLikeAws(reference)) return parseArn(reference);
  if (!options.forced) return null;
  if (reference.startsWith("alias")) return inRegion(reference, aliasFault(reference), options.region);
  if (isKeyId(reference)) return inRegion(reference, null, options.region);
  throw wrong(reference, "it is no key ARN, no alias and no key id", EXAMPLE);
}

function parseArn(text: string): KeyRef {
  const arn = splitArn(text);
  if (arn === null) throw wrong(text, "an ARN has six parts, separated by colons", EXAMPLE);
  const fault = arnFault(arn);
  if (fault !== null) throw wrong(text, fault, exampleLike(arn));
  return { cloud: "aws", id: text, region: arn.region, owner: arn.account };
}

/** What keeps an ARN from naming a KMS key, the first thing a reader would notice first; null when nothing does. */
function arnFault(arn: Arn): string | null {
  const { partition, service, region, account, resource } = arn;
  if (!PARTITION.test(partition)) return `there is no partition "${partition}"`;
  if (service !== "kms") return `it names the service "${service}", not kms`;
  if (region === "") return "it has no region";
  if (!REGION.test(region)) return `"${region}" is not the name of a region`;
  const expected = partitionOfRegion(region);
  if (PARTITION_OF_REGION.some(([, known]) => known === partition) || partition === "aws") {
    if (partition !== expected) return `the region ${region} is in the partition ${expected}, not ${partition}`;
  }
  if (!ACCOUNT.test(account)) return accountFault(account);
  if (resource.startsWith("alias")) return aliasFault(resource);
  if (!resource.startsWith("key/")) return `"${resource}" is neither key/<key id> nor alias/<name>`;
  return isKeyId(resource.slice("key/".length)) ? null : `"${resource.slice("key/".length)}" is not a key id`;
}

function accountFault(account: string): string {
  if (account === "") return "it has no account id";
  return /^[0-9]+$/.test(account)
    ? `an account id has 12 digits, "${account}" has ${account.length}`
    : `"${account}" is not an account id of 12 digits`;
}

function aliasFault(alias: string): string | null {
  if (ALIAS.test(alias)) return null;
  if (alias === "alias" || alias === "alias/") return "the alias has no name";
  if (!alias.startsWith("alias/")) return `"${alias}" does not begin with alias/`;
  if (/\s/.test(alias)) return "an alias has no spaces in it";
  if (alias.length > 256) return "an alias has at most 256 characters";
  return `an alias is made of letters, digits, "/", "_" and "-"; "${alias}" has something else in it`;
}

function inRegion(id: string, fault: string | null, region: string | undefined): KeyRef {
  if (fault !== null) throw wrong(id, fault, id.startsWith("alias") ? "alias/my-key" : EXAMPLE);
  if (region === undefined || region === "") {
    throw usageError(
      "usage.key-region",
      `"${id}" does not say in which region the key is.`,
      `Give the region (--region, or AWS_REGION), or the whole key ARN, for example ${EXAMPLE}.`,
    );
  }
  if (!REGION.test(region)) throw wrong(id, `"${region}" is not the name of a region`, EXAMPLE);
  return { cloud: "aws", id, region, owner: null };
}

/** The same reference with what is wrong put right, as far as it is right already. */
function exampleLike(arn: Arn): string {
  const region = REGION.test(arn.region) ? arn.region : "eu-west-1";
  const account = ACCOUNT.test(arn.account) ? arn.account : "111122223333";
  const resource = arn.resource.startsWith("alias") ? "alias/my-key" : "key/1234abcd-12ab-34cd-56ef-1234567890ab";
  return `arn:${partitionOfRegion(region)}:kms:${region}:${account}:${resource}`;
}

function wrong(text: string, fault: string, example: string): KeygrantError {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return usageError(
    "usage.key-reference",
    `"${shown}" is not a reference to an AWS KMS key: ${fault}.`,
    `Write it like this: ${example}`,
  );
}

function isKeyId(text: string): boolean {
  return UUID.test(text) || MULTI_REGION_ID.test(text);
}

/** `aws` for every region that no other partition is known to hold. */
export function partitionOfRegion(region: string): string {
  return PARTITION_OF_REGION.find(([beginning]) => region.startsWith(beginning))?.[1] ?? "aws";
}

/** The partition of the key's ARN; for a bare reference, that of its region. */
export function partitionOf(ref: KeyRef): string {
  return splitArn(ref.id)?.partition ?? partitionOfRegion(ref.region ?? "");
}

/** The account that owns the key; null for a bare reference, which only AWS can resolve. */
export function accountOf(ref: KeyRef): string | null {
  return splitArn(ref.id)?.account ?? ref.owner;
}

/** Throws for a reference without a region: no AWS reference that was parsed here is without one. */
export function regionOf(ref: KeyRef): string {
  const region = splitArn(ref.id)?.region ?? ref.region;
  if (region === null) throw new TypeError(`no region in ${ref.id}`);
  return region;
}

/** The id of the key without its ARN (`mrk-…` or a UUID); null for an alias. */
export function keyIdOf(ref: KeyRef): string | null {
  if (isAlias(ref)) return null;
  const arn = splitArn(ref.id);
  return arn === null ? ref.id : arn.resource.slice("key/".length);
}

/** Whether the reference names an alias, which may point to another key tomorrow. */
export function isAlias(ref: KeyRef): boolean {
  return (splitArn(ref.id)?.resource ?? ref.id).startsWith("alias/");
}

/** Whether the reference is a key ARN, as a vendor registers it. */
export function isKeyArn(ref: KeyRef): boolean {
  return splitArn(ref.id) !== null && !isAlias(ref);
}

/** The ARN of the related key of a Multi-Region key: the same key id in another region. */
export function arnInRegion(keyArn: string, region: string): string {
  const arn = splitArn(keyArn);
  if (arn === null) throw new TypeError(`not an ARN: ${keyArn}`);
  return `arn:${arn.partition}:${arn.service}:${region}:${arn.account}:${arn.resource}`;
}
