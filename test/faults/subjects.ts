import { expect } from "vitest";
import type { CloudId } from "../../src/core/model.ts";
import {
  GCP_GROUP_DEMO,
  HEALTHY_AWS_KEY,
  HEALTHY_GCP_KEY,
  HEALTHY_OCI_KEY,
  VENDOR_DEMO,
} from "../../src/sandbox/cast.ts";
import { rolesOf, SYMMETRIC_ROLE } from "../cli/gcp-peek.ts";
import type { World } from "../cli/harness.ts";
import { admit, DEFINES, statements } from "../cli/oci-peek.ts";
import { cmks, statementsNaming } from "../cli/peek.ts";

/** A command that faults are tried on. A new command is one more entry. */
export interface Subject {
  readonly command: string;
  readonly cloud: CloudId;
  readonly args: readonly string[];
  /** Commands that run first, while nothing is wrong. */
  readonly before: readonly (readonly string[])[];
  /** What stands in the world once the command has got through, however often it was run. */
  readonly done: (world: World) => void;
  /** Whether the vendor is let in as the world stands: INVALID for want of a grant is true only while it is not. */
  readonly granted: (world: World) => boolean;
}

export interface Scene {
  readonly cloud: CloudId;
  readonly key: string;
  /** The call that writes the grant. */
  readonly write: string;
  /** One grant and one registration, each exactly once. */
  readonly once: (world: World) => void;
  readonly granted: (world: World) => boolean;
}

export const SCENES: readonly Scene[] = [
  {
    cloud: "aws",
    key: HEALTHY_AWS_KEY,
    write: "PutKeyPolicy",
    once: (world) => expect(statementsNaming(world, HEALTHY_AWS_KEY, VENDOR_DEMO.arn)).toHaveLength(1),
    granted: (world) => statementsNaming(world, HEALTHY_AWS_KEY, VENDOR_DEMO.arn).length > 0,
  },
  {
    cloud: "gcp",
    key: HEALTHY_GCP_KEY,
    write: "SetIamPolicy",
    once: (world) => expect(rolesOf(world, HEALTHY_GCP_KEY, GCP_GROUP_DEMO)).toEqual([SYMMETRIC_ROLE]),
    granted: (world) => rolesOf(world, HEALTHY_GCP_KEY, GCP_GROUP_DEMO).length > 0,
  },
  {
    cloud: "oci",
    key: HEALTHY_OCI_KEY,
    write: "CreatePolicy",
    once: (world) => expect(statements(world)).toEqual([...DEFINES, admit(HEALTHY_OCI_KEY)]),
    granted: (world) => statements(world) !== null,
  },
];

function onboard(key: string): readonly string[] {
  return ["onboard", key, "--yes", "--wait", "0"];
}

export const SUBJECTS: readonly Subject[] = SCENES.flatMap(({ cloud, key, once, granted }): readonly Subject[] => {
  const done = (world: World) => {
    once(world);
    expect(cmks(world)).toHaveLength(1);
  };
  return [
    { command: "onboard", cloud, args: onboard(key), before: [], done, granted },
    { command: "validate", cloud, args: ["validate", key, "--ask-vendor"], before: [onboard(key)], done, granted },
  ];
});
