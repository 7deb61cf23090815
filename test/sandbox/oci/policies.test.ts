import { describe, expect, test } from "vitest";
import {
  HEALTHY_OCI_KEY,
  OCI_AUDITOR,
  OCI_GROUP_DEMO,
  OCI_OWNER_TENANCY,
  OCI_VENDOR_DEMO,
  OCI_VENDOR_TENANCY,
} from "../../../src/sandbox/cast.ts";
import { compartmentId, TEAM } from "../../../src/sandbox/oci/recipes.ts";
import { at, type Stage, stage, type Told, textAt } from "./kit.ts";

const POLICIES = "/20160918/policies";

/** Aiven's page, the narrower form. */
const STATEMENTS = [
  `define tenancy AT as ${OCI_VENDOR_TENANCY}`,
  `define group AG as ${OCI_GROUP_DEMO}`,
  `admit group AG of tenancy AT to use keys in tenancy where target.key.id = "${HEALTHY_OCI_KEY}"`,
];

function details(more: object = {}): object {
  return {
    compartmentId: OCI_OWNER_TENANCY,
    name: "aiven-cmk-access",
    description: "Aiven uses our key",
    statements: STATEMENTS,
    ...more,
  };
}

function list(on: Stage, compartment = OCI_OWNER_TENANCY, more = "", asking = {}): Promise<Told> {
  return on.ask("GET", `${POLICIES}?compartmentId=${compartment}${more}`, undefined, asking);
}

async function idOf(on: Stage, name: string): Promise<string> {
  return textAt(await list(on, OCI_OWNER_TENANCY, `&name=${name}`), 0, "id");
}

const ABSENT_OR_DENIED = {
  status: 404,
  body: { code: "NotAuthorizedOrNotFound", message: "Authorization failed or requested resource not found." },
};

describe("policies", () => {
  test("are listed compartment by compartment, with their statements and without etags", async () => {
    await using on = await stage();
    const root = await list(on);
    expect(root).toMatchObject({
      status: 200,
      body: expect.arrayContaining([expect.objectContaining({ name: "people" })]),
    });
    expect(root.headers["etag"]).toBeUndefined();
    expect(JSON.stringify(root.body)).not.toContain("aiven-cmk-child-policy");
    expect(JSON.stringify((await list(on, TEAM)).body)).toContain("aiven-cmk-child-policy");
    expect(await list(on, "ocid1.compartment.oc1..nowhere")).toMatchObject(ABSENT_OR_DENIED);
    expect(await on.ask("GET", POLICIES)).toMatchObject({ status: 400, body: { code: "MissingParameter" } });
  });

  test("come in pages", async () => {
    await using on = await stage();
    const whole = at(await list(on), "length");
    let page: string | undefined = "";
    let seen = 0;
    for (let more = ""; page !== undefined; more = `&page=${page}`) {
      const told: Told = await list(on, OCI_OWNER_TENANCY, `&limit=7${more}`);
      seen += Number(at(told, "length"));
      page = told.headers["opc-next-page"]?.toString();
    }
    expect(seen).toBe(whole);
    expect(await list(on, OCI_OWNER_TENANCY, "&limit=0")).toMatchObject({
      status: 400,
      body: { code: "InvalidParameter" },
    });
    expect(await list(on, OCI_OWNER_TENANCY, "&page=else")).toMatchObject({
      status: 400,
      body: { code: "InvalidParameter" },
    });
  });

  test("are created, read, changed and deleted", async () => {
    await using on = await stage();
    const created = await on.ask("POST", POLICIES, details({ freeformTags: { by: "hand" } }));
    expect(created).toMatchObject({
      status: 200,
      body: {
        name: "aiven-cmk-access",
        statements: STATEMENTS,
        lifecycleState: "ACTIVE",
        freeformTags: { by: "hand" },
      },
    });
    const path = `${POLICIES}/${textAt(created, "id")}`;
    const got = await on.ask("GET", path);
    expect(got).toMatchObject({ status: 200, body: created.body, headers: { etag: created.headers["etag"] } });

    const statements = [...STATEMENTS, "allow group PlatformEngineers to use keys in compartment team:prod"];
    const changed = await on.ask("PUT", path, { statements });
    expect(changed).toMatchObject({
      status: 200,
      body: { statements, description: "Aiven uses our key", freeformTags: { by: "hand" } },
    });
    expect(changed.headers["etag"]).not.toBe(created.headers["etag"]);

    const stale = { headers: { "if-match": String(created.headers["etag"]) } };
    const refused = { status: 412, body: { code: "NoEtagMatch" } };
    expect(await on.ask("PUT", path, { description: "late" }, stale)).toMatchObject(refused);
    expect(await on.ask("DELETE", path, undefined, stale)).toMatchObject(refused);
    const current = { headers: { "if-match": String(changed.headers["etag"]) } };
    expect(await on.ask("DELETE", path, undefined, current)).toMatchObject({ status: 204, body: "" });
    expect(await on.ask("GET", path)).toMatchObject(ABSENT_OR_DENIED);
  });

  test("are written by whoever may, and read by more", async () => {
    await using on = await stage();
    const auditor = { as: OCI_AUDITOR };
    expect((await list(on, OCI_OWNER_TENANCY, "", auditor)).status).toBe(200);
    expect(await on.ask("POST", POLICIES, details(), auditor)).toMatchObject(ABSENT_OR_DENIED);
    const path = `${POLICIES}/${await idOf(on, "people")}`;
    expect((await on.ask("GET", path, undefined, auditor)).status).toBe(200);
    expect(await on.ask("DELETE", path, undefined, auditor)).toMatchObject(ABSENT_OR_DENIED);
    expect(await list(on, OCI_OWNER_TENANCY, "", { as: OCI_VENDOR_DEMO })).toMatchObject(ABSENT_OR_DENIED);
    expect(await list(on, compartmentId("sealed"))).toMatchObject(ABSENT_OR_DENIED);
  });

  test("a deny statement is for the one who switched deny policies on", async () => {
    await using on = await stage();
    const allow = "Allow group Auditors to manage policies in compartment team";
    await on.ask("POST", POLICIES, details({ name: "let-auditors", statements: [allow] }));
    const auditor = { as: OCI_AUDITOR };
    const inTeam = (name: string, statement: string) => details({ compartmentId: TEAM, name, statements: [statement] });
    const deny = "deny any-user to use keys in compartment team";
    expect(await on.ask("POST", POLICIES, inTeam("no", deny), auditor)).toMatchObject(ABSENT_OR_DENIED);
    const fine = inTeam("yes", "allow group Auditors to read keys in compartment team");
    const created = await on.ask("POST", POLICIES, fine, auditor);
    expect(created.status).toBe(200);
    const path = `${POLICIES}/${textAt(created, "id")}`;
    expect(await on.ask("PUT", path, { statements: [deny] }, auditor)).toMatchObject(ABSENT_OR_DENIED);
    expect((await on.ask("PUT", path, { statements: [deny] })).status).toBe(200);
  });

  test.each<[string, object, string, RegExp]>([
    ["no description", { description: undefined }, "MissingParameter", /^description/],
    ["no statements", { statements: [] }, "MissingParameter", /^statements/],
    ["statements of another kind", { statements: [1] }, "InvalidParameter", /^statements/],
    ["a name that is a number", { name: 7 }, "InvalidParameter", /^name/],
    [
      "a statement that cannot be read",
      { statements: ["allow me"] },
      "InvalidParameter",
      /^'syntax error starting with me'@'line 1, char 7'/,
    ],
    [
      "a compartment elsewhere",
      { compartmentId: TEAM, statements: ["allow any-group to use keys in compartment network"] },
      "InvalidParameter",
      /^Compartment \{network\} does not exist or is not part of the policy compartment subtree$/,
    ],
    [
      "an OCID without id",
      { statements: [`allow any-group to use keys in compartment ${TEAM}`] },
      "InvalidParameter",
      /^Compartment \{ocid1\.compartment\./,
    ],
    [
      "too many statements",
      { statements: Array(51).fill("allow group A to use keys in tenancy") },
      "LimitExceeded",
      /50/,
    ],
  ])("%s is refused", async (_what, change, code, message) => {
    await using on = await stage();
    const told = await on.ask("POST", POLICIES, details(change));
    expect(told).toMatchObject({ status: 400, body: { code, message: expect.stringMatching(message) } });
  });

  test("statements that stood there already stay, however they read", async () => {
    await using on = await stage();
    const path = textAt(await list(on, compartmentId("unparsable")), 0, "id");
    const statements = [textAt(await on.ask("GET", `${POLICIES}/${path}`), "statements", 0), STATEMENTS[0] ?? ""];
    expect((await on.ask("PUT", `${POLICIES}/${path}`, { statements })).status).toBe(200);
  });

  test("a name is taken once in a tenancy; the same request again makes nothing twice", async () => {
    await using on = await stage();
    const again = { headers: { "opc-retry-token": "once" } };
    const first = await on.ask("POST", POLICIES, details(), again);
    const second = await on.ask("POST", POLICIES, details(), again);
    expect(second).toMatchObject({ status: 200, body: { id: textAt(first, "id") } });
    const other = await on.ask(
      "POST",
      POLICIES,
      details({ compartmentId: TEAM, statements: ["allow any-group to use keys in compartment team"] }),
    );
    expect(other).toMatchObject({ status: 409, body: { code: "PolicyAlreadyExists" } });
  });

  test("500 statements fit on a path, and no more", async () => {
    await using on = await stage();
    const statements = Array(50).fill("Allow group NetworkAdmins to use subnets in compartment team");
    const told = [];
    for (let index = 0; index < 10; index += 1) {
      told.push(await on.ask("POST", POLICIES, details({ compartmentId: TEAM, name: `many-${index}`, statements })));
    }
    const fitting = told.findIndex(({ status }) => status !== 200);
    expect(fitting).toBeGreaterThan(5);
    expect(told[fitting]).toMatchObject({ status: 400, body: { code: "LimitExceeded" } });
    // A sibling has a path of its own.
    const network = details({
      compartmentId: compartmentId("network"),
      statements: ["Allow group NetworkAdmins to use subnets in compartment network"],
    });
    expect((await on.ask("POST", POLICIES, network)).status).toBe(200);
  });
});

describe("the home region", () => {
  const refusal = {
    status: 403,
    body: {
      code: "NotAllowed",
      message: "Please go to your home region FRA to execute CREATE, UPDATE and DELETE operations.",
    },
  };

  test("is where policies are written, and anywhere where they are read", async () => {
    await using on = await stage({ ociIdentityRegion: "us-ashburn-1" });
    const path = `${POLICIES}/${await idOf(on, "people")}`;
    expect(await on.ask("POST", POLICIES, details())).toMatchObject(refusal);
    expect(await on.ask("PUT", path, { description: "x" })).toMatchObject(refusal);
    expect(await on.ask("DELETE", path)).toMatchObject(refusal);
    expect((await on.ask("POST", `/eu-frankfurt-1${POLICIES}`, details())).status).toBe(200);
  });

  test("can be named by the path", async () => {
    await using on = await stage();
    expect(await on.ask("POST", `/us-ashburn-1${POLICIES}`, details())).toMatchObject(refusal);
    expect((await on.ask("GET", `/us-ashburn-1${POLICIES}?compartmentId=${OCI_OWNER_TENANCY}`)).status).toBe(200);
    expect(await on.ask("GET", `/ap-tokyo-1${POLICIES}?compartmentId=${OCI_OWNER_TENANCY}`)).toMatchObject({
      status: 401,
      body: { code: "NotAuthenticated" },
    });
  });
});

describe("propagation", () => {
  test("reads flap, the old one first; the vendor is judged by the old one", async () => {
    await using on = await stage({ propagationMs: 10_000 });
    const created = await on.ask("POST", POLICIES, details());
    const path = `${POLICIES}/${textAt(created, "id")}`;
    const reads = async () => {
      const told = [];
      for (let index = 0; index < 4; index += 1) told.push((await on.ask("GET", path)).status);
      return told;
    };
    expect(await reads()).toEqual([404, 200, 404, 200]);
    expect(await on.register(HEALTHY_OCI_KEY)).toMatchObject({ status: 400 });
    on.pass(10_001);
    expect(await reads()).toEqual([200, 200, 200, 200]);
    expect(await on.register(HEALTHY_OCI_KEY)).toMatchObject({ status: 201 });

    expect((await on.ask("PUT", path, { statements: STATEMENTS.slice(0, 2) })).status).toBe(200);
    expect(at(await on.ask("GET", path), "statements", "length")).toBe(3);
    expect(at(await on.ask("GET", path), "statements", "length")).toBe(2);
    expect((await on.ask("DELETE", path)).status).toBe(204);
    expect(await reads()).toEqual([200, 404, 200, 404]);
    const names = async () => JSON.stringify((await list(on)).body).includes("aiven-cmk-access");
    expect([await names(), await names()]).toEqual([true, false]);
  });
});
