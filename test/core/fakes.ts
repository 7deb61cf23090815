import aiven from "../../policies/aiven/aws.json" with { type: "json" };
import type { Cloud } from "../../src/core/cloud.ts";
import { describe } from "../../src/core/describe.ts";
import { LookError } from "../../src/core/errors.ts";
import type { Memory, WriteEnd, WriteRecord } from "../../src/core/memory.ts";
import type {
  Access,
  Accessor,
  ActionAccess,
  Change,
  Grant,
  KeyDescription,
  KeyFacts,
  KeyRef,
  LookCode,
  LookFailure,
  Registration,
  VendorCloudPolicy,
} from "../../src/core/model.ts";
import { seen } from "../../src/core/model.ts";
import type { Clock } from "../../src/core/ports.ts";
import type { Vendor } from "../../src/core/vendor.ts";

/** Ports that answer what a test wants, and keep a diary of what they were asked. */

export const POLICY = aiven as VendorCloudPolicy;
export const ACTIONS = ["kms:Encrypt", "kms:Decrypt"];
export const KEY = keyRef("one");

export function keyRef(name: string): KeyRef {
  return { cloud: "aws", id: `key ${name}`, region: "eu-west-1", owner: "111122223333" };
}

export function accessor(name: string): Accessor {
  return { cloud: "aws", fields: { role_arn: `role of ${name}` } };
}

export const USABLE: KeyDescription = {
  state: "usable",
  stateName: "Enabled",
  usage: "ENCRYPT_DECRYPT",
  algorithms: ["SYMMETRIC_DEFAULT"],
  customerManaged: true,
  deletionAt: null,
  materialExpiresAt: null,
  exportable: false,
  olderVersions: [],
};

export function factsOf(ref: KeyRef, key: Partial<KeyDescription> = {}, text = "as it was"): KeyFacts {
  return {
    ref,
    key: seen({ ...USABLE, ...key }),
    rotation: seen(true),
    documents: [{ id: "key-policy", title: "the key policy", body: seen({ text, revision: `revision of ${text}` }) }],
  };
}

export function why(code: LookCode): LookFailure {
  return { code, detail: `detail of ${code}` };
}

export function lookError(code: LookCode): LookError {
  return new LookError(why(code), `fix of ${code}`);
}

/** The grant as a cloud would judge it: the same answer for every action of every principal. */
export function accessOf(grant: Grant, answer: Answer = { answer: "allowed", by: "a statement" }): readonly Access[] {
  return grant.accessors.map((one) => ({
    accessor: one,
    principal: describe(one),
    actions: ACTIONS.map((action): ActionAccess => ({ action, ...answer })),
    remarks: [],
  }));
}

type Answer = ActionAccess extends infer One ? (One extends { action: string } ? Omit<One, "action"> : never) : never;

export function changeTo(facts: KeyFacts, after: string): Change {
  const [document] = facts.documents;
  if (document === undefined || !document.body.known) throw new Error("nothing to change");
  const { text: before, revision } = document.body.value;
  const edit = {
    document: document.id,
    title: document.title,
    revision,
    before,
    after,
    summary: [`writes "${after}"`],
  };
  return { key: facts.ref, edits: [edit], after: factsOf(facts.ref, {}, after) };
}

/** A cloud in which every key is well and granted, but for what a test says. */
export function fakeCloud(diary: string[], own: Partial<Cloud> = {}): Cloud {
  const cloud: Cloud = {
    id: "aws",
    checkAccessor: () => {},
    inspect: async (key) => factsOf(key),
    plan: () => null,
    async apply(change, { beforeWrite }) {
      await beforeWrite("the caller");
      diary.push("write");
      return { caller: "the caller", requestIds: ["request-1"], facts: change.after };
    },
    access: (_facts, grant) => accessOf(grant),
    probe: async () => ({ outcome: "pass" }),
    ...own,
  };
  return {
    ...cloud,
    inspect: noted(diary, "inspect", cloud.inspect, (key, about) => `${key.id}${about === null ? "" : " about"}`),
    plan: noted(diary, "plan", cloud.plan),
    apply: noted(diary, "apply", cloud.apply),
    probe: noted(diary, "probe", cloud.probe, (facts) => facts.ref.id),
  };
}

/** A vendor that has registered what is given, and takes every key. */
export function fakeVendor(
  diary: string[],
  registered: readonly Registration[] = [],
  own: Partial<Vendor> = {},
): Vendor {
  const vendor: Vendor = {
    id: "aiven",
    clouds: ["aws"],
    accessors: async ({ project }) => ({ accessors: [accessor(project)] }),
    async *registrations(project) {
      yield* registered.filter((one) => one.project === project);
    },
    register: async ({ ref }, { project }) => ({
      outcome: "registered",
      registration: registration(ref.id, { project }),
      created: true,
    }),
    check: async () => ({ answer: "no-answer", detail: "no verdict", why: null }),
    get: async (project, id) =>
      seen(registered.find((one) => one.id === id) ?? registration("key one", { project, id })),
    services: async () => seen([]),
    ...own,
  };
  return {
    ...vendor,
    accessors: noted(diary, "accessors", vendor.accessors, ({ project }) => project),
    registrations: noted(diary, "registrations", vendor.registrations, (project) => project),
    register: noted(diary, "register", vendor.register, (_facts, options) => options.project),
    check: noted(diary, "check", vendor.check),
    get: noted(diary, "get", vendor.get),
    services: noted(diary, "services", vendor.services),
  };
}

export function registration(resource: string, own: Partial<Registration> = {}): Registration {
  const project = own.project ?? "demo";
  return {
    vendor: "aiven",
    project,
    id: `cmk of ${resource} in ${project}`,
    cloud: "aws",
    resource,
    status: "current",
    default: false,
    ...own,
  };
}

export interface FakeMemory extends Memory {
  readonly accepted: Map<string, readonly Accessor[]>;
  readonly ends: WriteEnd[];
}

export function fakeMemory(diary: string[], last: { at: Date; revision: string } | null = null): FakeMemory {
  const accepted = new Map<string, readonly Accessor[]>();
  const ends: WriteEnd[] = [];
  let begun: WriteRecord | null = null;
  return {
    accepted,
    ends,
    acceptedAccessors: async (about) => accepted.get(about.project) ?? null,
    async acceptAccessors(about, accessors) {
      diary.push(`accept ${about.project}`);
      accepted.set(about.project, accessors);
    },
    async lastGrant() {
      if (begun !== null) return { at: begun.at, accessors: [], revisionsBefore: {} };
      return last === null ? null : { at: last.at, accessors: [], revisionsBefore: { "key-policy": last.revision } };
    },
    lastRevoke: async () => null,
    projectsOf: async () => [],
    readBackup: async () => {
      throw new Error("no backup");
    },
    async beginWrite(write) {
      diary.push("backup");
      begun = write;
      return "/a/backup";
    },
    async endWrite(end) {
      diary.push(`wrote: ${end.outcome}`);
      ends.push(end);
    },
  };
}

/** Time that passes only by sleeping. */
export function fakeClock(): Clock & { advance(ms: number): void } {
  let now = Date.parse("2026-11-21T10:00:00Z");
  return {
    now: () => new Date(now),
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      now += ms;
    },
    advance(ms) {
      now += ms;
    },
  };
}

/** The same function, with a line in the diary for each call. */
function noted<A extends unknown[], R>(
  diary: string[],
  name: string,
  work: (...args: A) => R,
  about: (...args: A) => string = () => "",
): (...args: A) => R {
  return (...args) => {
    diary.push(`${name} ${about(...args)}`.trim());
    return work(...args);
  };
}
