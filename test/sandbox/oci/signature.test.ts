import { describe, expect, test } from "vitest";
import {
  HEALTHY_OCI_KEY,
  OCI_AUDITOR,
  OCI_OWNER,
  OCI_OWNER_TENANCY,
  OCI_VENDOR_TENANCY,
} from "../../../src/sandbox/cast.ts";
import { sessionToken } from "../../../src/sandbox/oci/config.ts";
import { keyIdOf } from "../../../src/sandbox/oci/sign.ts";
import { at, stage } from "./kit.ts";

const TENANCY = `/20160918/tenancies/${OCI_OWNER_TENANCY}`;
const NOT_AUTHENTICATED = {
  status: 401,
  body: {
    code: "NotAuthenticated",
    message: "The required information to complete authentication was not provided or was incorrect.",
  },
};
const NOT_VERIFIED = {
  status: 401,
  body: { code: "NotAuthenticated", message: "Failed to verify the HTTP(S) Signature" },
};

describe("who asks is in the signature", () => {
  test("of the path, the query and the host", async () => {
    await using on = await stage();
    expect(await on.ask("GET", TENANCY)).toMatchObject({ status: 200, body: { id: OCI_OWNER_TENANCY } });
    const compartments = `/20160918/compartments?compartmentId=${OCI_OWNER_TENANCY}&name=te%20am&x=a+b*~`;
    expect(await on.ask("GET", compartments)).toMatchObject({ status: 200, body: [] });
  });

  test("answers carry a request id, the given one in it, and the sandbox's date", async () => {
    await using on = await stage();
    const plain = await on.ask("GET", TENANCY);
    expect(plain.headers).toMatchObject({
      "opc-request-id": expect.stringMatching(/^[0-9A-F]{32}$/),
      date: on.now().toUTCString(),
    });
    const headers = { "opc-request-id": "mine" };
    const refused = await on.ask("GET", `${TENANCY}x`, undefined, { headers });
    expect(refused).toMatchObject({
      status: 404,
      headers: { "opc-request-id": expect.stringMatching(/^mine\/[0-9A-F]{32}$/) },
    });
  });

  test.each<[string, (headers: Record<string, string>) => void, object]>([
    ["no signature", (headers) => delete headers["authorization"], NOT_AUTHENTICATED],
    ["another scheme", (headers) => Object.assign(headers, { authorization: "Bearer x" }), NOT_AUTHENTICATED],
    ["another user's key id", (headers) => swap(headers, keyIdOf(OCI_OWNER), keyIdOf(OCI_AUDITOR)), NOT_VERIFIED],
    ["an unknown fingerprint", (headers) => swap(headers, /(:[0-9a-f]{2})"/, ':00"'), NOT_AUTHENTICATED],
    ["an unknown user", (headers) => swap(headers, OCI_OWNER.user, "ocid1.user.oc1..nobody"), NOT_AUTHENTICATED],
    ["a user of another tenancy", (headers) => swap(headers, OCI_OWNER_TENANCY, OCI_VENDOR_TENANCY), NOT_AUTHENTICATED],
    ["another algorithm", (headers) => swap(headers, "rsa-sha256", "rsa-sha1"), NOT_VERIFIED],
    ["the host not signed", (headers) => swap(headers, " host", ""), NOT_AUTHENTICATED],
    ["the target not signed", (headers) => swap(headers, " (request-target)", ""), NOT_AUTHENTICATED],
    ["no date signed", (headers) => swap(headers, "date ", ""), NOT_AUTHENTICATED],
    ["a header signed that is not there", (headers) => swap(headers, "date ", "date x-date "), NOT_AUTHENTICATED],
    ["another date than the signed one", (headers) => shift(headers, 60_000), NOT_VERIFIED],
  ])("%s", async (_what, spoil, refusal) => {
    await using on = await stage();
    expect(await on.ask("GET", TENANCY, undefined, { spoil })).toMatchObject(refusal);
  });

  test("of the body", async () => {
    await using on = await stage();
    const body = { keyId: HEALTHY_OCI_KEY, plaintext: "YWI=" };
    expect((await on.ask("POST", "/20180608/encrypt", body)).status).toBe(200);
    const other = (headers: Record<string, string>) => Object.assign(headers, { "x-content-sha256": "AAAA" });
    expect(await on.ask("POST", "/20180608/encrypt", body, { spoil: other })).toMatchObject(NOT_AUTHENTICATED);
    const unsigned = (headers: Record<string, string>) => swap(headers, " x-content-sha256", "");
    expect(await on.ask("POST", "/20180608/encrypt", body, { spoil: unsigned })).toMatchObject(NOT_AUTHENTICATED);
  });

  test("at a time within five minutes", async () => {
    await using on = await stage();
    const when = (ms: number) => ({ signedAt: new Date(on.now().getTime() + ms) });
    expect((await on.ask("GET", TENANCY, undefined, when(-299_000))).status).toBe(200);
    expect((await on.ask("GET", TENANCY, undefined, when(299_000))).status).toBe(200);
    const late = await on.ask("GET", TENANCY, undefined, when(-301_000));
    expect(late).toMatchObject({ status: 401, body: { code: "NotAuthenticated" } });
    expect(at(late, "message")).toBe(
      "Date 'Fri, 20 Nov 2026 09:54:59 UTC' is not within allowed clock skew. Current 'Fri, 20 Nov 2026 10:00:00 UTC', valid datetime range: ['Fri, 20 Nov 2026 09:55:00 UTC', 'Fri, 20 Nov 2026 10:05:01 UTC']",
    );
    expect((await on.ask("GET", TENANCY, undefined, when(301_000))).status).toBe(401);
  });

  test("or in a session token, until it ends", async () => {
    await using on = await stage();
    const as = (token: string) => ({
      spoil: (headers: Record<string, string>) => swap(headers, keyIdOf(OCI_OWNER), `ST$$${token}`),
    });
    const ends = on.now().getTime() / 1000 + 60;
    expect((await on.ask("GET", TENANCY, undefined, as(sessionToken(OCI_OWNER, ends)))).status).toBe(200);
    expect(await on.ask("GET", TENANCY, undefined, as(sessionToken(OCI_AUDITOR, ends)))).toMatchObject(NOT_VERIFIED);
    expect(await on.ask("GET", TENANCY, undefined, as("nothing"))).toMatchObject(NOT_AUTHENTICATED);
    on.pass(61_000);
    expect(await on.ask("GET", TENANCY, undefined, as(sessionToken(OCI_OWNER, ends)))).toMatchObject(NOT_AUTHENTICATED);
  });
});

test("what is not there is answered in OCI's way, and only to somebody", async () => {
  await using on = await stage();
  const nowhere = "/20160918/nowhere";
  expect(await on.ask("GET", nowhere)).toMatchObject({ status: 404, body: { code: "NotFound" } });
  const spoil = (headers: Record<string, string>) => delete headers["authorization"];
  expect((await on.ask("GET", nowhere, undefined, { spoil })).status).toBe(401);
  expect(await on.ask("GET", "/20200101/policies")).toMatchObject({ status: 404, body: { serves: expect.any(Array) } });
  expect(await on.ask("POST", "/20180608/encrypt", "text")).toMatchObject({
    status: 400,
    body: { code: "CannotParseRequest" },
  });
});

function swap(headers: Record<string, string>, from: string | RegExp, to: string): void {
  headers["authorization"] = (headers["authorization"] ?? "").replace(from, to);
}

function shift(headers: Record<string, string>, ms: number): void {
  headers["date"] = new Date(Date.parse(headers["date"] ?? "") + ms).toUTCString();
}
