import * as common from "oci-common";
import { IdentityClient } from "oci-identity";
import { KmsVaultClient } from "oci-keymanagement";
import { describe, expect, test } from "vitest";
import {
  defaultEndpoints,
  identityEndpoint,
  OCI_KEY_EXAMPLE,
  parseOciKey,
  realmOf,
  splitOcid,
  vaultPartOf,
  vaultsEndpoint,
} from "../../../src/clouds/oci/key.ts";
import { REALMS, regionCode, regionName } from "../../../src/clouds/oci/regions.ts";
import { KeygrantError } from "../../../src/core/errors.ts";
import type { KeyRef } from "../../../src/core/model.ts";

function failure(text: string, forced = true): KeygrantError {
  try {
    parseOciKey(text, { forced });
  } catch (error) {
    if (error instanceof KeygrantError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

function keyRef(text: string): KeyRef {
  const ref = parseOciKey(text, { forced: false });
  if (ref === null) throw new Error(`${text} was not recognised`);
  return ref;
}

describe("references", () => {
  test.each([
    ["a region by name", OCI_KEY_EXAMPLE, "oc1", "eu-frankfurt-1", "exampleaaadws"],
    ["a region by code", "ocid1.key.oc1.iad.bbpnctjwaacuu.abuwcljr", "oc1", "us-ashburn-1", "bbpnctjwaacuu"],
    ["a code in capitals", "ocid1.key.oc1.phx.ejqexvzzaaeuk.abyhqljr", "oc1", "us-phoenix-1", "ejqexvzzaaeuk"],
    ["government", "ocid1.key.oc2.us-langley-1.aaaavault.abc", "oc2", "us-langley-1", "aaaavault"],
    ["government by code", "ocid1.key.oc3.ric.aaaavault.abc", "oc3", "us-gov-ashburn-1", "aaaavault"],
    ["the EU's own realm", "ocid1.key.oc19.eu-frankfurt-2.v.u", "oc19", "eu-frankfurt-2", "v"],
    ["a realm yet to come", "ocid1.key.oc99.moon-sea-1.v.u", "oc99", "moon-sea-1", "v"],
    ["without the vault", "ocid1.key.oc1.eu-frankfurt-1.abtheljr", "oc1", "eu-frankfurt-1", null],
    ["as the sandbox has it", "ocid1.key.oc1.eu-frankfurt-1.demovault.healthy", "oc1", "eu-frankfurt-1", "demovault"],
  ])("%s", (_, text, realm, region, vault) => {
    const ref = keyRef(`  ${text}\n`);
    // Whose key it is does not stand in an OCID.
    expect(ref).toEqual({ cloud: "oci", id: text, region, owner: null });
    expect(realmOf(ref.id)).toBe(realm);
    expect(vaultPartOf(ref)).toBe(vault);
  });

  test.each([
    "arn:aws:kms:eu-west-1:111122223333:key/1",
    "projects/p/locations/l/keyRings/r/cryptoKeys/k",
    "https://example.vault.azure.net/keys/k/1",
    "alias/mine",
    "ocid",
    "",
  ])("is not for us: %j", (text) => {
    expect(parseOciKey(text)).toBeNull();
  });

  test.each([
    ["ocid1.vault.oc1.eu-frankfurt-1.v.u", "it is the OCID of a vault, not of a key"],
    ["ocid1.keyversion.oc1.eu-frankfurt-1.v.u", "it is the OCID of a version of a key, not of the key"],
    ["ocid1.tenancy.oc1..aaaa", "it is the OCID of a tenancy, not of a key"],
    ["ocid1.__proto__.oc1..aaaa", "it is the OCID of a __proto__, not of a key"],
    ["ocid1.key.oc1..u", "it has no region"],
    ["ocid1.key.oc1.eu-frankfurt-1", "it is no OCID"],
    ["ocid1.key.oc1.eu-frankfurt-1.", "it is no OCID"],
    ["ocid1.key.oc1.eu-frankfurt-1.v.", "it is no OCID"],
    ["ocid1.key.oc1.eu-frankfurt-1.v.u.x", "it has more parts than the OCID of a key"],
    ["ocid1.key.oc1.eu_frankfurt.v.u", '"eu_frankfurt" is not the name of a region'],
    ["ocid1.key.OC1.eu-frankfurt-1.v.u", "it is no OCID"],
    ["ocid1.key.oc1.evil.com/.v.u", "it is no OCID"],
    ["ocid1.key.oc1.a@b.v.u", "it is no OCID"],
    ["OCID1.key.oc1.iad.v.u", 'it does not begin with "ocid1."'],
    ["ocid2.key.oc1.iad.v.u", 'it does not begin with "ocid1."'],
    ["ocid1.key.oc1.iad.v.u\u202e", "it is no OCID"],
    ["my-key", 'it does not begin with "ocid1."'],
    [`ocid1.key.oc1.iad.v.${"u".repeat(600)}`, "it is no OCID"],
  ])("refuses %j", (text, fault) => {
    const error = failure(text);
    expect(error).toMatchObject({
      kind: "usage",
      code: "usage.key-reference",
      fix: expect.stringContaining(OCI_KEY_EXAMPLE),
    });
    expect(error.message).toContain(`is not a reference to an OCI key: ${fault}`);
    expect(error.message.length).toBeLessThan(400);
  });

  test("an OCID gone wrong is ours without being asked for", () => {
    expect(failure("ocid1.vault.oc1.iad.v.u", false).code).toBe("usage.key-reference");
    expect(failure("OCID1.KEY.oc1.iad.v.u", false).code).toBe("usage.key-reference");
  });

  test("a vault part that is no host name gives no endpoint", () => {
    const ref = keyRef("ocid1.key.oc1.eu-frankfurt-1.a_b.u");
    expect(vaultPartOf(ref)).toBeNull();
    expect(defaultEndpoints(ref)).toBeNull();
  });
});

describe("endpoints", () => {
  test("of the vault, as a default", () => {
    expect(defaultEndpoints(keyRef("ocid1.key.oc1.iad.bbpnctjwaacuu.u"))).toEqual({
      management: "https://bbpnctjwaacuu-management.kms.us-ashburn-1.oraclecloud.com",
      crypto: "https://bbpnctjwaacuu-crypto.kms.us-ashburn-1.oraclecloud.com",
    });
    expect(defaultEndpoints(keyRef("ocid1.key.oc4.ltn.v.u"))?.crypto).toBe(
      "https://v-crypto.kms.uk-gov-london-1.oraclegovcloud.uk",
    );
    expect(defaultEndpoints(keyRef("ocid1.key.oc99.moon-sea-1.v.u"))).toBeNull();
    expect(defaultEndpoints(keyRef("ocid1.key.oc1.iad.u"))).toBeNull();
  });

  test.each(common.Region.values().map((region) => [region.regionId, region] as const))(
    "are the SDK's: %s",
    (name, region) => {
      const realm = region.realm.realmId;
      const httpClient = { send: () => Promise.reject(new Error("asks nobody")) };
      const identity = new IdentityClient({ httpClient });
      const vaults = new KmsVaultClient({ httpClient });
      identity.region = region;
      vaults.region = region;
      expect(identityEndpoint(realm, name)).toBe(hostOf(identity.endpoint));
      expect(vaultsEndpoint(realm, name)).toBe(hostOf(vaults.endpoint));
    },
  );
});

/** The clients add the version of the API. */
function hostOf(endpoint: string): string {
  return new URL(endpoint).origin;
}

describe("regions", () => {
  test("are the SDK's", () => {
    const ours = REALMS.flatMap(({ id, domain, regions }) =>
      [...regions].map(([code, name]) => `${id} ${domain} ${code} ${name}`),
    );
    const theirs = common.Region.values().map(
      ({ realm, regionCode: code, regionId }) => `${realm.realmId} ${realm.secondLevelDomain} ${code} ${regionId}`,
    );
    expect(ours.toSorted()).toEqual(theirs.toSorted());
  });

  test("by code and by name", () => {
    expect(regionName("IAD")).toBe("us-ashburn-1");
    expect(regionName("us-ashburn-1")).toBe("us-ashburn-1");
    expect(regionName("constructor")).toBe("constructor");
    expect(regionCode("us-ashburn-1")).toBe("iad");
    expect(regionCode("toString")).toBeNull();
  });
});

test("OCIDs of things without a region", () => {
  expect(splitOcid("ocid1.tenancy.oc1..aaaa")).toEqual({ type: "tenancy", realm: "oc1", region: "", rest: ["aaaa"] });
  expect(splitOcid("ocid1.saml2idp.oc1..a.b-c_d")).toMatchObject({ rest: ["a", "b-c_d"] });
  expect(splitOcid("ocid1..oc1..aaaa")).toBeNull();
  expect(splitOcid("ocid1.group.oc1")).toBeNull();
  expect(splitOcid("ocid1.group.1..a")).toBeNull();
});
