import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addEntry, removeEntry, STATEMENTS_IN_A_POLICY } from "../../../src/clouds/oci/document.ts";
import {
  type Entry,
  entriesIn,
  entryOf,
  KEYS_IN_A_STATEMENT,
  openAdmit,
  sameEntry,
  withoutExport,
} from "../../../src/clouds/oci/entry.ts";
import { parseStatement } from "../../../src/clouds/oci/statement.ts";
import { type Scope, wantedStatements } from "../../../src/clouds/oci/template.ts";
import { ADMIT, DATA, DEFINES, GROUP, KEY_ID, keyId, POLICY, VENDOR } from "./helpers.ts";
import { REFUSED, TAKEN } from "./statements.ts";

const [kind] = POLICY.key.kinds;
if (kind === undefined) throw new Error("the vendor takes no kind of key");
const NAMES = { tenancy: "AT", group: "AG" };

function entry(key: string, { group = GROUP, scope = "key" as Scope, noExport = false } = {}): Entry {
  const accessor = { cloud: "oci" as const, fields: { access_group: group, access_tenant: VENDOR } };
  const plain = entryOf(wantedStatements(accessor, kind as never, scope, { key, compartment: DATA.id }));
  return noExport ? withoutExport(plain) : plain;
}

function added(texts: readonly string[], ...entries: readonly Entry[]): readonly string[] {
  return entries.reduce<readonly string[]>((now, one) => {
    const change = addEntry(now, one, NAMES);
    if (change === "full") throw new Error("full");
    return change?.statements ?? now;
  }, texts);
}

function removed(texts: readonly string[], ...entries: readonly Entry[]): readonly string[] {
  return entries.reduce<readonly string[]>((now, one) => removeEntry(now, one)?.statements ?? now, texts);
}

describe("adding", () => {
  test("to nothing: the vendor's three statements, least privilege", () => {
    expect(added([], entry(KEY_ID))).toEqual([...DEFINES, ADMIT]);
  });

  test("a second key joins the first one's statement, and the third", () => {
    expect(added([], entry(KEY_ID), entry(keyId(2)), entry(keyId(3)))).toEqual([
      ...DEFINES,
      `admit group AG of tenancy AT to use keys in tenancy where any {target.key.id = '${KEY_ID}', target.key.id = '${keyId(2)}', target.key.id = '${keyId(3)}'}`,
    ]);
  });

  test("a key that is there needs nothing, however it is written", () => {
    const odd = `ADMIT group "AG" of tenancy AT\n to USE keys in TENANCY where any { target.key.id="${keyId(2)}" , target.key.id in ('${KEY_ID}') }`;
    expect(addEntry([...DEFINES, odd], entry(KEY_ID), NAMES)).toBeNull();
  });

  test("fifty keys a statement, then the next one", () => {
    const keys = Array.from({ length: 2 * KEYS_IN_A_STATEMENT + 1 }, (_, index) => entry(keyId(index)));
    const statements = added([], ...keys);
    expect(statements).toHaveLength(2 + 3);
    expect(statements.slice(2).map((text) => text.split("target.key.id").length - 1)).toEqual([50, 50, 1]);
    // A place that was made free is taken again.
    const refilled = added(removed(statements, entry(keyId(7))), entry(keyId(7_000)));
    expect(refilled).toHaveLength(5);
    expect(refilled[2]).toContain(keyId(7_000));
  });

  test("another group gets a statement and a name of its own", () => {
    const other = "ocid1.group.oc1..aaaaaaaaother";
    expect(added([], entry(KEY_ID), entry(KEY_ID, { group: other }))).toEqual([
      ...DEFINES,
      ADMIT,
      `define group AG2 as ${other}`,
      ADMIT.replace("group AG", "group AG2"),
    ]);
  });

  test("names that are taken, and names that stand for it already", () => {
    const taken = ["define tenancy AT as ocid1.tenancy.oc1..other", `define group theirs as ${GROUP}`];
    expect(added(taken, entry(KEY_ID))).toEqual([
      ...taken,
      `define tenancy AT2 as ${VENDOR}`,
      ADMIT.replace("AG", "theirs").replace("AT", "AT2"),
    ]);
    // A name that may be somebody's in a statement that nobody can read is taken too.
    expect(added(["what ag is nobody knows"], entry(KEY_ID))[2]).toBe(`define group AG2 as ${GROUP}`);
    // One that is defined twice stands for nobody.
    const twice = [...DEFINES, "define group AG as ocid1.group.oc1..x"];
    expect(added(twice, entry(KEY_ID)).slice(3)).toEqual([`define group AG2 as ${GROUP}`, ADMIT.replace("AG", "AG2")]);
  });

  test("without the export it does not join those with it", () => {
    const statements = added(
      [],
      entry(KEY_ID),
      entry(keyId(2), { noExport: true }),
      entry(keyId(3), { noExport: true }),
    );
    expect(statements.slice(2)).toEqual([
      ADMIT,
      `admit group AG of tenancy AT to use keys in tenancy where all {any {target.key.id = '${keyId(2)}', target.key.id = '${keyId(3)}'}, request.permission != 'KEY_EXPORT'}`,
    ]);
  });

  test("whole places", () => {
    expect(added([], entry(KEY_ID, { scope: "tenancy" }), entry(keyId(2), { scope: "tenancy" }))).toEqual([
      ...DEFINES,
      "admit group AG of tenancy AT to use keys in tenancy",
    ]);
    expect(added([], entry(KEY_ID, { scope: "compartment" }))[2]).toBe(
      `admit group AG of tenancy AT to use keys in compartment id ${DATA.id}`,
    );
  });

  test("a policy has room for fifty statements", () => {
    const others = Array.from(
      { length: STATEMENTS_IN_A_POLICY - 2 },
      (_, index) => `allow group g${index} to read keys in tenancy`,
    );
    expect(addEntry(others, entry(KEY_ID), NAMES)).toBe("full");
    expect(added([...DEFINES, ADMIT, ...others.slice(1)], entry(keyId(2)))).toHaveLength(STATEMENTS_IN_A_POLICY);
  });
});

describe("taking out", () => {
  test("the last key takes all with it", () => {
    expect(removed([...DEFINES, ADMIT], entry(KEY_ID))).toEqual([]);
  });

  test("one key leaves the others, and what others wrote", () => {
    const theirs = ["allow group Admins to manage keys in tenancy", "define group Mine as ocid1.group.oc1..mine"];
    const statements = added([...theirs, "who knows"], entry(KEY_ID), entry(keyId(2)));
    expect(removed(statements, entry(KEY_ID))).toEqual([
      ...theirs,
      "who knows",
      ...DEFINES,
      ADMIT.replace(KEY_ID, keyId(2)),
    ]);
    expect(removed(statements, entry(KEY_ID), entry(keyId(2)))).toEqual([...theirs, "who knows"]);
  });

  test("a define that somebody else's statement uses stays", () => {
    const theirs = "admit group AG of tenancy AT to read vaults in tenancy";
    expect(removed([...DEFINES, ADMIT, theirs], entry(KEY_ID))).toEqual([...DEFINES, theirs]);
  });

  test("what is not there cannot be taken out", () => {
    expect(removeEntry([...DEFINES, ADMIT], entry(keyId(2)))).toBeNull();
    expect(removeEntry([...DEFINES, ADMIT], entry(KEY_ID, { noExport: true }))).toBeNull();
    expect(removeEntry([...DEFINES, ADMIT], entry(KEY_ID, { group: "ocid1.group.oc1..x" }))).toBeNull();
    expect(removeEntry([...DEFINES, ADMIT.replace("use", "manage")], entry(KEY_ID))).toBeNull();
    expect(removeEntry([...DEFINES, `deny ${ADMIT}`], entry(KEY_ID))).toBeNull();
    expect(removeEntry([ADMIT], entry(KEY_ID))).toBeNull();
  });

  test.each([
    `admit group AG of tenancy AT to use keys in tenancy where target.key.id != '${KEY_ID}'`,
    `admit group AG of tenancy AT to use keys in tenancy where target.key.id = /${KEY_ID}/`,
    `admit group AG of tenancy AT to use keys in tenancy where any {target.key.id = '${KEY_ID}', request.region = 'fra'}`,
    `admit group AG of tenancy AT to use keys in tenancy where all {target.key.id = '${KEY_ID}', target.key.id = '${keyId(2)}'}`,
    `admit group AG of tenancy AT to use keys in tenancy where all {target.key.id = '${KEY_ID}', request.region = 'fra'}`,
    `admit group AG, Other of tenancy AT to use keys in tenancy where target.key.id = '${KEY_ID}'`,
    `admit any-user of tenancy AT to use keys in tenancy where target.key.id = '${KEY_ID}'`,
    `admit group id ${GROUP} of tenancy AT to use keys in tenancy where target.key.id = '${KEY_ID}'`,
  ])("another form is not ours to take apart: %s", (statement) => {
    expect(removeEntry([...DEFINES, statement], entry(KEY_ID))).toBeNull();
  });
});

const foreign = fc.constantFrom(...Object.values(TAKEN).flatMap((list) => list.map(([text]) => text)), ...REFUSED);
const entries = fc
  .record({
    key: fc.integer({ min: 1, max: 8 }),
    group: fc.constantFrom(GROUP, "ocid1.group.oc1..other"),
    noExport: fc.boolean(),
  })
  .map(({ key, ...how }) => entry(keyId(key), how));

describe("whatever others wrote, in whatever order", () => {
  test("exactly the entries that were added and not taken out are there; what others wrote is as it was", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(foreign, { maxLength: 8 }),
        fc.array(fc.tuple(fc.boolean(), entries), { maxLength: 25 }),
        (theirs, steps) => {
          const before = entriesIn(theirs);
          let statements: readonly string[] = theirs;
          let wanted: readonly Entry[] = [];
          for (const [isAdded, one] of steps) {
            if (before.some((other) => sameEntry(one, other))) continue;
            statements = isAdded ? added(statements, one) : removed(statements, one);
            wanted = wanted.filter((other) => !sameEntry(one, other));
            if (isAdded) wanted = [...wanted, one];
          }
          const now = entriesIn(statements).filter((one) => !before.some((other) => sameEntry(one, other)));
          expect(now).toHaveLength(wanted.length);
          for (const one of wanted) expect(now.some((other) => sameEntry(one, other))).toBe(true);
          const defines = (text: string) => parseStatement(text).statement?.kind === "define";
          const lasting = theirs.filter((text) => !defines(text));
          expect(statements.filter((text) => lasting.includes(text))).toEqual(lasting);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("adding twice is adding once, and taking out gives back what was there", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(foreign, { minLength: 1, maxLength: 8 }),
        fc.array(entries, { maxLength: 6 }),
        entries,
        (theirs, others, one) => {
          const start = added(theirs, ...others);
          fc.pre(!entriesIn(start).some((other) => sameEntry(one, other)));
          const once = added(start, one);
          expect(added(once, one)).toEqual(once);
          const back = entriesIn(removed(once, one));
          expect(back.length).toBe(entriesIn(start).length);
          for (const other of entriesIn(start)) expect(back.some((it) => sameEntry(it, other))).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("no statement has more than fifty keys", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 199 }), (count, gone) => {
        const keys = Array.from({ length: count }, (_, index) => entry(keyId(index)));
        const statements = removed(added([], ...keys), entry(keyId(gone)));
        const parsed = statements.map(parseStatement);
        const sizes = parsed.flatMap((_, index) => openAdmit(parsed, index)?.keys.length ?? []);
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(KEYS_IN_A_STATEMENT);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(gone < count ? count - 1 : count);
      }),
      { numRuns: 25 },
    );
  });
});
