import { describe, expect, it } from "vitest";
import type { Accessor } from "../../src/core/model.ts";
import { type FieldValues, trustAccessors } from "../../src/core/trust.ts";

const ROLE = "arn:aws:iam::999988887777:role/anchor";
const OTHER = "arn:aws:iam::666655554444:role/anchor";

function role(arn: string, seat?: string): Accessor {
  return { cloud: "aws", fields: { role_arn: arn }, ...(seat === undefined ? {} : { seat }) };
}

interface Row {
  readonly name: string;
  readonly named: readonly Accessor[];
  readonly remembered: readonly Accessor[] | null;
  readonly expected?: FieldValues;
  readonly accepted?: FieldValues;
  readonly trusted: boolean;
  readonly isNew?: boolean;
}

const ROWS: readonly Row[] = [
  { name: "the first answer is taken on trust", named: [role(ROLE)], remembered: null, trusted: true, isNew: true },
  { name: "the same answer again", named: [role(ROLE)], remembered: [role(ROLE)], trusted: true, isNew: false },
  { name: "another answer later", named: [role(OTHER)], remembered: [role(ROLE)], trusted: false },
  {
    name: "another answer that a person confirmed",
    named: [role(OTHER)],
    remembered: [role(ROLE)],
    accepted: { role_arn: OTHER },
    trusted: true,
    isNew: true,
  },
  {
    name: "a confirmation of something else",
    named: [role(OTHER)],
    remembered: [role(ROLE)],
    accepted: { role_arn: `${OTHER}2` },
    trusted: false,
  },
  {
    name: "the pinned answer",
    named: [role(ROLE)],
    remembered: null,
    expected: { role_arn: ROLE },
    trusted: true,
    isNew: true,
  },
  {
    name: "an answer that is not the pinned one",
    named: [role(OTHER)],
    remembered: null,
    expected: { role_arn: ROLE },
    trusted: false,
  },
  {
    name: "a pin wins over a confirmation",
    named: [role(OTHER)],
    remembered: [role(ROLE)],
    expected: { role_arn: ROLE },
    accepted: { role_arn: OTHER },
    trusted: false,
  },
  {
    name: "a pin of a field that the vendor does not name",
    named: [role(ROLE)],
    remembered: null,
    expected: { access_group: "x" },
    trusted: false,
  },
  {
    name: "a pin named like something every object has",
    named: [role(ROLE)],
    remembered: null,
    expected: { constructor: "x" },
    trusted: false,
  },
  {
    name: "one seat more, on the same field value",
    named: [role(ROLE), role(OTHER, "db2")],
    remembered: [role(ROLE)],
    trusted: false,
  },
];

describe("trustAccessors", () => {
  it.each(ROWS)("$name", ({ named, remembered, expected = {}, accepted = {}, trusted, isNew }) => {
    const answer = trustAccessors({ named, remembered, expected, accepted });
    expect(answer.trusted).toBe(trusted);
    if (answer.trusted) expect(answer.isNew).toBe(isNew);
    else expect(answer.now).not.toBe("");
  });
});
