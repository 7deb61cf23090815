import {
  type Grant,
  type KeyFacts,
  type KeyRef,
  type LookFailure,
  type PolicyDocument,
  type Seen,
  seen,
  unseen,
} from "../../core/model.ts";
import { isExportableByOthers, kindFor, mayDo } from "./access.ts";
import type { ManagementPort, OciClients, OciKey, OciKeyVersion } from "./api.ts";
import { describe, rotationOf } from "./describe.ts";
import { ENDPOINT_ADVICE, type Endpoints } from "./endpoints.ts";
import { look } from "./look.ts";
import type { GrantForm } from "./plan.ts";
import { type PolicyReader, rootDocument } from "./reads.ts";

export interface InspectDeps {
  readonly clients: OciClients;
  readonly endpoints: Endpoints;
  readonly reader: PolicyReader;
  readonly form: GrantForm;
}

/** Everything that decides about the key. What does not depend on another is asked at once. */
export async function inspect(deps: InspectDeps, ref: KeyRef, about: Grant | null): Promise<KeyFacts> {
  const kms = await deps.endpoints.kms(ref);
  if (!kms.known) return unlooked(ref, kms.why);
  const management = deps.clients.management(kms.value.management);
  const answer = await readKey(management, ref);
  if (!answer.known) return unlooked(ref, kms.value.derived ? withAdvice(answer.why) : answer.why);
  const key = answer.value;
  if (key.lifecycleState === "DELETED") {
    return { ref, key: seen(null), rotation: seen(null), documents: [rootDocument(unseen(GONE))] };
  }
  const [versions, path] = await Promise.all([readVersions(management, ref), deps.reader.read(ref, key.compartmentId)]);
  const owned = path.tenancy === null ? ref : { ...ref, owner: path.tenancy };
  return factsOf(deps, owned, { key, versions, documents: path.documents }, about);
}

interface Reading {
  readonly key: OciKey;
  readonly versions: readonly OciKeyVersion[];
  readonly documents: readonly PolicyDocument[];
}

function factsOf(
  { form }: InspectDeps,
  ref: KeyRef,
  { key, versions, documents }: Reading,
  about: Grant | null,
): KeyFacts {
  const isSoft = key.protectionMode === "SOFTWARE";
  const facts = (exportable: boolean): KeyFacts => ({
    ref,
    key: seen(describe(key, versions, exportable)),
    rotation: seen(rotationOf(key)),
    documents,
  });
  if (!isSoft) return facts(false);
  if (about !== null) return facts(mayExport(facts(true), about, form));
  return facts(!form.noExport || isExportableByOthers(facts(true)));
}

/** As the policies have it, where they let the vendor in already; else as the grant would have it. */
function mayExport(facts: KeyFacts, about: Grant, form: GrantForm): boolean {
  const kind = kindFor(facts, about.policy);
  return about.accessors.some((accessor) => {
    const answer = (permission: string) => mayDo(facts, accessor, kind, permission).answer;
    if (answer("KEY_EXPORT") === "allowed" || answer("KEY_EXPORT") === "depends") return true;
    return answer("KEY_DECRYPT") !== "allowed" && !form.noExport;
  });
}

async function readKey(management: ManagementPort, ref: KeyRef): Promise<Seen<OciKey>> {
  const answer = await look({ call: "GetKey", needs: "read keys" }, () => management.getKey(ref.id));
  if (!answer.known || answer.value.id === ref.id) return answer;
  return unseen({
    code: "look.misconfigured",
    detail: `The answer to GetKey is about another key, ${answer.value.id}.`,
    fix: "Check the endpoints (KEYGRANT_OCI_ENDPOINT, --oci-management-endpoint).",
  });
}

/** Versions that could not be listed are no reason not to judge the key: what is known of it stays as it is. */
async function readVersions(management: ManagementPort, ref: KeyRef): Promise<readonly OciKeyVersion[]> {
  const answer = await look({ call: "ListKeyVersions" }, () => management.listKeyVersions(ref.id));
  return answer.known ? answer.value : [];
}

function withAdvice(why: LookFailure): LookFailure {
  return why.code === "look.unreachable" || why.code === "look.timeout" ? { ...why, fix: ENDPOINT_ADVICE } : why;
}

function unlooked(ref: KeyRef, why: LookFailure): KeyFacts {
  const document = rootDocument(
    unseen({ ...why, detail: `The policies were not read, because the key could not be looked at. ${why.detail}` }),
  );
  return { ref, key: unseen(why), rotation: unseen(why), documents: [document] };
}

const GONE: LookFailure = {
  code: "look.absent-or-denied",
  detail: "The policies were not read: OCI says that the key has been deleted.",
};
