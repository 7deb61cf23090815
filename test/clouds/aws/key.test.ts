import { describe, expect, test } from "vitest";
import {
  accountOf,
  isAlias,
  isKeyArn,
  keyIdOf,
  looksLikeAws,
  parseAwsKey,
  partitionOf,
  partitionOfRegion,
  regionOf,
} from "../../../src/clouds/aws/key.ts";
import { KeygrantError } from "../../../src/core/errors.ts";

const ID = "11111111-1111-4111-8111-111111111111";
const MRK = "mrk-1234abcd12ab34cd56ef1234567890ab";

function failure(text: string, region?: string): KeygrantError {
  try {
    parseAwsKey(text, { forced: true, region });
  } catch (error) {
    if (error instanceof KeygrantError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe("ARNs", () => {
  test.each([
    ["a key", `arn:aws:kms:eu-west-1:111122223333:key/${ID}`, "aws", "eu-west-1", ID],
    ["a Multi-Region key", `arn:aws:kms:us-east-1:111122223333:key/${MRK}`, "aws", "us-east-1", MRK],
    ["China", `arn:aws-cn:kms:cn-north-1:111122223333:key/${ID}`, "aws-cn", "cn-north-1", ID],
    ["GovCloud", `arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/${ID}`, "aws-us-gov", "us-gov-west-1", ID],
    ["iso", `arn:aws-iso:kms:us-iso-east-1:111122223333:key/${ID}`, "aws-iso", "us-iso-east-1", ID],
    ["iso-b", `arn:aws-iso-b:kms:us-isob-east-1:111122223333:key/${ID}`, "aws-iso-b", "us-isob-east-1", ID],
    [
      "European Sovereign Cloud",
      `arn:aws-eusc:kms:eusc-de-east-1:111122223333:key/${ID}`,
      "aws-eusc",
      "eusc-de-east-1",
      ID,
    ],
    ["a partition yet to come", `arn:aws-moon:kms:moon-sea-1:111122223333:key/${ID}`, "aws-moon", "moon-sea-1", ID],
  ])("%s", (_, text, partition, region, keyId) => {
    const ref = parseAwsKey(text, { forced: false });
    if (ref === null) throw new Error("not recognised");
    expect(ref).toEqual({ cloud: "aws", id: text, region, owner: "111122223333" });
    expect(partitionOf(ref)).toBe(partition);
    expect(regionOf(ref)).toBe(region);
    expect(accountOf(ref)).toBe("111122223333");
    expect(keyIdOf(ref)).toBe(keyId);
    expect(isAlias(ref)).toBe(false);
    expect(isKeyArn(ref)).toBe(true);
  });

  test("an alias, whose region wins over the one that was given", () => {
    const text = "arn:aws:kms:eu-west-1:111122223333:alias/team/my_key-1";
    const ref = parseAwsKey(text, { forced: false, region: "us-east-1" });
    expect(ref).toEqual({ cloud: "aws", id: text, region: "eu-west-1", owner: "111122223333" });
    expect(ref && isAlias(ref)).toBe(true);
    expect(ref && isKeyArn(ref)).toBe(false);
    expect(ref && keyIdOf(ref)).toBeNull();
  });

  test("white space around it is not part of it", () => {
    const text = `arn:aws:kms:eu-west-1:111122223333:key/${ID}`;
    expect(parseAwsKey(`  ${text}\n`, { forced: false })?.id).toBe(text);
  });

  test.each([
    ["arn:aws:s3:::bucket", "service", "arn:aws:kms:eu-west-1:111122223333:key/"],
    [`arn:aws:kms:eu-west-1:11112222333:key/${ID}`, '12 digits, "11112222333" has 11', "eu-west-1:111122223333"],
    [`arn:aws:kms:eu-west-1:1111-2222-3333:key/${ID}`, "not an account id", "111122223333"],
    [`arn:aws:kms:eu-west-1::key/${ID}`, "no account id", "111122223333"],
    [`arn:aws:kms::111122223333:key/${ID}`, "no region", "eu-west-1"],
    [`arn:aws:kms:Ireland:111122223333:key/${ID}`, '"Ireland" is not the name of a region', "eu-west-1"],
    [`arn:aws:kms:eu-west-1a:111122223333:key/${ID}`, '"eu-west-1a" is not the name of a region', "eu-west-1"],
    [`arn:aws:kms:cn-north-1:111122223333:key/${ID}`, "partition aws-cn, not aws", "arn:aws-cn:kms:cn-north-1:"],
    [`arn:aws-cn:kms:eu-west-1:111122223333:key/${ID}`, "partition aws, not aws-cn", "arn:aws:kms:eu-west-1:"],
    [`arn:azure:kms:eu-west-1:111122223333:key/${ID}`, 'no partition "azure"', "arn:aws:"],
    ["arn:aws:kms:eu-west-1:111122223333:key/my-key", '"my-key" is not a key id', "key/1234abcd"],
    [`arn:aws:kms:eu-west-1:111122223333:key/${ID}/extra`, "not a key id", "key/1234abcd"],
    [`arn:aws:kms:eu-west-1:111122223333:${ID}`, "neither key/<key id> nor alias/<name>", "key/1234abcd"],
    ["arn:aws:kms:eu-west-1:111122223333:alias/my key", "no spaces", "alias/my-key"],
    ["arn:aws:kms:eu-west-1:111122223333:alias/", "no name", "alias/my-key"],
    ["arn:aws:kms:eu-west-1:111122223333:alias/schlüssel", "letters, digits", "alias/my-key"],
    [`arn:aws:kms:eu-west-1:111122223333:alias/${"x".repeat(251)}`, "at most 256 characters", "alias/my-key"],
    ["arn:aws:kms", "six parts", "arn:aws:kms:"],
    ["ARN:AWS:KMS:eu-west-1:111122223333:key/x", "six parts", "arn:aws:kms:"],
  ])("%s is refused: %s", (text, says, example) => {
    const error = failure(text);
    expect(error.kind).toBe("usage");
    expect(error.code).toBe("usage.key-reference");
    expect(error.message).toContain(says);
    expect(error.fix).toContain(example);
  });
});

describe("bare references", () => {
  test.each([ID, MRK, "alias/my-key", "alias/aws/s3"])("%s needs a region, and the word that it is AWS's", (text) => {
    expect(parseAwsKey(text, { forced: false, region: "eu-west-1" })).toBeNull();
    expect(parseAwsKey(text, { forced: true, region: "eu-west-1" })).toEqual({
      cloud: "aws",
      id: text,
      region: "eu-west-1",
      owner: null,
    });
    expect(failure(text)).toMatchObject({ kind: "usage", code: "usage.key-region" });
  });

  test("know their partition by their region, and no account", () => {
    const ref = { cloud: "aws", id: ID, region: "cn-north-1", owner: null } as const;
    expect(partitionOf(ref)).toBe("aws-cn");
    expect(accountOf(ref)).toBeNull();
    expect(regionOf(ref)).toBe("cn-north-1");
    expect(keyIdOf(ref)).toBe(ID);
    expect(isKeyArn(ref)).toBe(false);
  });

  test.each([
    ["my-key", "no key ARN, no alias and no key id"],
    ["alias/my key", "no spaces"],
    ["alias", "no name"],
    ["projects/p/locations/l/keyRings/r/cryptoKeys/k", "no key ARN"],
    ["", "no key ARN"],
  ])("%s is refused when it must be AWS's", (text, says) => {
    expect(failure(text, "eu-west-1").message).toContain(says);
  });

  test("a region that is none is refused", () => {
    expect(failure(ID, "Ireland").message).toContain('"Ireland" is not the name of a region');
  });
});

test("only ARNs look like AWS", () => {
  expect(looksLikeAws("arn:aws:kms:x")).toBe(true);
  expect(looksLikeAws(" ARN:x")).toBe(true);
  for (const text of [ID, "alias/x", "ocid1.key.oc1.x", "projects/p", "arnold"]) expect(looksLikeAws(text)).toBe(false);
});

test("regions that nobody has heard of are taken for the partition aws", () => {
  expect(partitionOfRegion("mx-central-1")).toBe("aws");
  expect(partitionOfRegion("us-west-2")).toBe("aws");
});
