import type {
  CheckAnswer,
  CheckedEndpoint,
  CloudCheckup,
  PermissionAnswer,
  PermissionAsk,
  Whoami,
} from "../../core/doctor.ts";
import { type KeyRef, type LookFailure, type Seen, seen } from "../../core/model.ts";
import type { RandomBytes } from "../../core/ports.ts";
import type { CryptoInput, CryptoPort, IdentityPort, OciClients, OciKey } from "./api.ts";
import type { Endpoints } from "./endpoints.ts";
import { type Asked, type OciFailure, readFailure } from "./errors.ts";
import { regionOf } from "./key.ts";
import { look, lookFailure } from "./look.ts";
import { OCI_NEEDS } from "./permissions.ts";
import { PROBE_DATA } from "./probe.ts";
import type { PathReading, PolicyReader } from "./reads.ts";

export interface CheckupDeps {
  readonly clients: OciClients;
  readonly endpoints: Endpoints;
  readonly reader: PolicyReader;
  readonly random: RandomBytes;
}

/**
 * No statement in the policy language, so OCI cannot store it: InvalidParameter to those who may create policies,
 * NotAuthorizedOrNotFound to the others. Assumption: it looks at the permission first, as it does wherever that was
 * tried; no page says so.
 */
const NEVER_A_POLICY = "keygrant doctor asks whether this may be written; it can never be";
/** No etag of OCI's: an update that names it is refused with 412 by whoever lets it come that far. */
const NEVER_AN_ETAG = "keygrant-doctor-never-matches";

/** What the caller may do at OCI: looked at by looking, by a round trip, and by writes that are made to be refused. */
export function ociCheckup(deps: CheckupDeps): CloudCheckup {
  return {
    needs: OCI_NEEDS,
    whoami: (key) => whoami(deps, key),
    endpoints: (key) => addresses(deps, key),
    permissions: (ask) => permissions(deps, ask),
  };
}

async function whoami(deps: CheckupDeps, key: KeyRef | null): Promise<Whoami> {
  const asked: Asked = { call: "the credentials", about: " of OCI" };
  try {
    const caller = await deps.clients.caller();
    const [accepted, home] = [await isAccepted(deps, key), await deps.clients.home()];
    const who = `They are ${caller ?? "of somebody whom they do not name"}${home === null ? "" : ` of ${home.tenancy}`}.`;
    if (accepted === null) return { found: true, answer: { outcome: "pass", detail: who, fix: null } };
    const outcome = accepted.kind === "credentials" || accepted.kind === "clock" ? "fail" : "unknown";
    const { detail, fix } = lookFailure(accepted, { call: "A signed call", about: "" });
    return { found: true, answer: { outcome, detail: `${who} ${detail}`, fix: fix ?? null } };
  } catch (error) {
    const failure = readFailure(error);
    const why = lookFailure(failure, asked);
    // A configuration file that is not there; a profile or key that is not there is a mistake in one that is.
    if (/^the OCI configuration file, .* cannot be read$/.test(failure.words)) return { found: false, why };
    return { found: true, answer: { outcome: "fail", detail: why.detail, fix: why.fix ?? null } };
  }
}

/** Null when OCI itself takes the signature: what it says of the thing that was asked for does not matter here. */
async function isAccepted(deps: CheckupDeps, key: KeyRef | null): Promise<OciFailure | null> {
  try {
    await signedCall(deps, key);
    return null;
  } catch (error) {
    const failure = readFailure(error);
    return TAKEN.has(failure.kind) ? null : failure;
  }
}

/** OCI answers 401 to a signature that it does not take, whatever was asked. */
const TAKEN: ReadonlySet<OciFailure["kind"]> = new Set(["absent-or-denied", "denied"]);

async function signedCall({ clients, endpoints }: CheckupDeps, key: KeyRef | null): Promise<void> {
  if (key !== null) {
    const kms = await endpoints.kms(key);
    if (kms.known) await clients.management(kms.value.management).getKey(key.id);
    return;
  }
  const home = await clients.home();
  if (home === null) return;
  const at = endpoints.identity(refOf(home), home.region);
  if (at.known) await clients.identity(at.value).listRegions(home.tenancy);
}

/** Addresses follow from a realm and a region: a tenancy has both. */
function refOf({ tenancy, region }: { readonly tenancy: string; readonly region: string }): KeyRef {
  return { cloud: "oci", id: tenancy, region, owner: tenancy };
}

async function addresses({ clients, endpoints }: CheckupDeps, key: KeyRef | null): Promise<readonly CheckedEndpoint[]> {
  const found: CheckedEndpoint[] = [];
  const add = (name: string, base: string) => {
    const url = URL.parse(base)?.origin;
    if (url !== undefined && !found.some((one) => one.url === url)) found.push({ name, url });
  };
  const kms = key === null ? null : await endpoints.kms(key);
  if (kms?.known) {
    add("vault management", kms.value.management.base);
    add("vault crypto", kms.value.crypto.base);
  }
  const home = key === null ? await homeOf(clients) : null;
  const ref = key ?? (home === null ? null : refOf(home));
  const identity = ref === null ? null : endpoints.identity(ref, regionOf(ref));
  if (identity?.known) add("Identity", identity.value.base);
  return found;
}

async function homeOf(clients: OciClients): ReturnType<OciClients["home"]> {
  try {
    return await clients.home();
  } catch (error) {
    readFailure(error);
    return null;
  }
}

async function permissions(deps: CheckupDeps, ask: PermissionAsk): Promise<readonly PermissionAnswer[]> {
  const wants = (permission: string) =>
    OCI_NEEDS.some((need) => need.permission === permission && need.jobs.some((job) => ask.jobs.has(job)));
  const answers = new Map<string, CheckAnswer>();
  const kms = await deps.endpoints.kms(ask.key);
  const key = kms.known ? await lookAtKey(deps, ask.key, kms.value.management) : kms;
  answers.set("read keys", key.known ? pass("GetKey and ListKeyVersions were answered.") : unsure(key.why));
  await answerPath(deps, ask, key, answers);
  if (wants("KEY_ENCRYPT") && kms.known && key.known) {
    await answerUse(deps.clients.crypto(kms.value.crypto), { deps, ask, key: key.value }, answers);
  }
  const nobodyAsked = unknown("Not asked: the key could not be looked at.");
  return OCI_NEEDS.filter(({ permission }) => wants(permission)).map(({ permission, jobs }) => ({
    permission,
    jobs,
    ...(answers.get(permission) ?? nobodyAsked),
  }));
}

async function lookAtKey(
  { clients }: CheckupDeps,
  ref: KeyRef,
  at: Parameters<OciClients["management"]>[0],
): Promise<Seen<OciKey>> {
  const management = clients.management(at);
  const needs = "read keys in tenancy";
  const key = await look({ call: "GetKey", needs }, () => management.getKey(ref.id));
  if (!key.known) return key;
  const versions = await look({ call: "ListKeyVersions", needs }, () => management.listKeyVersions(ref.id));
  return versions.known ? seen(key.value) : versions;
}

/** The way up to the root compartment, all of which exists, so that "not there" can only mean "not allowed". */
async function answerPath(
  deps: CheckupDeps,
  ask: PermissionAsk,
  key: Seen<OciKey>,
  answers: Map<string, CheckAnswer>,
): Promise<void> {
  if (!key.known) return;
  const path = await deps.reader.read(ask.key, key.value.compartmentId);
  if (path.tenancy === null) {
    const [root] = path.documents;
    answers.set("inspect compartments", root?.body.known === false ? denied(root.body.why) : unknown("No answer."));
    return;
  }
  answers.set("inspect compartments", pass("GetCompartment was answered, up to the root."));
  answers.set("inspect policies", policiesAnswer(path));
  const home = await deps.reader.home(ask.key, path.tenancy);
  answers.set("inspect tenancies", home.known ? pass("ListRegionSubscriptions was answered.") : denied(home.why));
  if (!ask.jobs.has("onboard") && !ask.jobs.has("revoke")) return;
  if (ask.lookOnly) answers.set("manage policies", NOT_TRIED);
  else if (home.known) answers.set("manage policies", await writeAnswer(home.value, path.tenancy));
  else
    answers.set("manage policies", unknown("Not asked: policies are written in the home region, which is not known."));
}

function policiesAnswer({ documents }: PathReading): CheckAnswer {
  const unread = documents.find(({ body }) => !body.known);
  if (unread === undefined || unread.body.known) return pass("ListPolicies and GetPolicy were answered, all the way.");
  return denied(unread.body.why);
}

const NOT_TRIED: CheckAnswer = {
  outcome: "skipped",
  detail: "Not tried: OCI has no way to ask but to do it.",
  fix: "Leave --look-only out to try it.",
};

/** Creating first; then, where a policy of ours is, an update with its own statements and an etag that never matches. */
async function writeAnswer(identity: IdentityPort, tenancy: string): Promise<CheckAnswer> {
  const create = await refused({ call: "CreatePolicy", needs: "manage policies in tenancy" }, "invalid", () =>
    identity.createPolicy({
      compartmentId: tenancy,
      name: "keygrant-doctor",
      description: "keygrant doctor: never stored",
      statements: [NEVER_A_POLICY],
    }),
  );
  if (create.outcome !== "pass") return create;
  const listed = await look({ call: "ListPolicies" }, () => identity.listPolicies(tenancy));
  const own = listed.known ? listed.value.find(({ name }) => /^keygrant-/.test(name)) : undefined;
  if (own === undefined)
    return pass("A policy that can never be one was refused for what it is, not for who wrote it.");
  return refused(
    { call: "UpdatePolicy", about: ` of "${own.name}"`, needs: "manage policies in tenancy" },
    "stale",
    () => identity.updatePolicy(own.id, own.statements, NEVER_AN_ETAG),
  );
}

/** A call that cannot succeed. What it is refused with tells whether the permission was there. */
async function refused(asked: Asked, meant: OciFailure["kind"], call: () => Promise<unknown>): Promise<CheckAnswer> {
  try {
    await call();
    const fix = "Look at the policies of the root compartment, and report it.";
    return { ...unknown(`${asked.call} was not refused, as it had to be.`), fix };
  } catch (error) {
    const failure = readFailure(error);
    if (failure.kind === meant) return pass(`${asked.call} was refused for what it asks, not for who asks it.`);
    return denied(lookFailure(failure, asked));
  }
}

interface Using {
  readonly deps: CheckupDeps;
  readonly ask: PermissionAsk;
  readonly key: OciKey;
}

/** There is no dry run: random bytes are encrypted and decrypted, as the round trip of `onboard` does. */
async function answerUse(
  crypto: CryptoPort,
  { deps, ask, key }: Using,
  answers: Map<string, CheckAnswer>,
): Promise<void> {
  if (ask.lookOnly) {
    for (const permission of ["KEY_ENCRYPT", "KEY_DECRYPT"]) answers.set(permission, NOT_TRIED);
    return;
  }
  const input: CryptoInput =
    key.algorithm === "RSA"
      ? { keyId: key.id, algorithm: "RSA_OAEP_SHA_256", associatedData: null }
      : { keyId: key.id, algorithm: "AES_256_GCM", associatedData: PROBE_DATA };
  const plaintext = Buffer.from(deps.random(32)).toString("base64");
  const encrypted = await look(needing("Encrypt", "KEY_ENCRYPT"), () => crypto.encrypt({ ...input, plaintext }));
  answers.set("KEY_ENCRYPT", encrypted.known ? pass("Random bytes were encrypted.") : denied(encrypted.why));
  // Of what nobody encrypted, only a refusal says something. Never what was to be encrypted: that goes to Encrypt alone.
  const ciphertext = encrypted.known ? encrypted.value.ciphertext : NEVER_ENCRYPTED;
  const decrypted = await look(needing("Decrypt", "KEY_DECRYPT"), () => crypto.decrypt({ ...input, ciphertext }));
  answers.set("KEY_DECRYPT", decrypted.known ? pass("They were decrypted.") : denied(decrypted.why));
}

const NEVER_ENCRYPTED = Buffer.from("keygrant doctor: nobody encrypted this").toString("base64");

function needing(call: string, permission: string): Asked {
  return { call, needs: `{${permission}} in tenancy where target.key.id = '<key>'` };
}

/** Of something that is known to exist, OCI's "not authorized or not found" is a refusal. */
function denied(why: LookFailure): CheckAnswer {
  const isRefusal = why.code === "look.absent-or-denied" || why.code === "look.denied";
  return { outcome: isRefusal ? "fail" : "unknown", detail: why.detail, fix: why.fix ?? null };
}

/** Of something that may not exist it is not known. */
function unsure(why: LookFailure): CheckAnswer {
  return { outcome: why.code === "look.denied" ? "fail" : "unknown", detail: why.detail, fix: why.fix ?? null };
}

function pass(detail: string): CheckAnswer {
  return { outcome: "pass", detail, fix: null };
}

function unknown(detail: string): CheckAnswer {
  return { outcome: "unknown", detail, fix: null };
}
