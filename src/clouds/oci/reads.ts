import {
  type KeyRef,
  type LookCode,
  type LookFailure,
  type PolicyDocument,
  type Seen,
  seen,
  unseen,
} from "../../core/model.ts";
import type { Endpoint, IdentityPort, OciClients, OciCompartment, OciPolicy, OciRegion } from "./api.ts";
import type { Endpoints } from "./endpoints.ts";
import { regionOf } from "./key.ts";
import { look } from "./look.ts";
import { bodyOf, COMPARTMENT, type Place, POLICY, type PolicyRecord, pathName, ROOT } from "./policies.ts";

/** All documents of a key, the root's first, and the tenancy when it could be found. */
export interface PathReading {
  readonly tenancy: string | null;
  readonly documents: readonly PolicyDocument[];
}

/** Reads policies once for all keys that share a path, however many ask at the same time. */
export interface PolicyReader {
  read(ref: KeyRef, compartmentId: string): Promise<PathReading>;
  /** Where policies are written, and by what they are reached. */
  home(ref: KeyRef, tenancyId: string): Promise<Seen<IdentityPort>>;
  /** After a write nothing that was read counts any more. */
  forget(): void;
}

export interface ReadDeps {
  readonly clients: OciClients;
  readonly endpoints: Endpoints;
}

/** How many policies are read at once: OCI counts an account's calls together. */
const AT_ONCE = 4;
/** "Hierarchies that are six levels deep" (managingcompartments.htm). */
const DEEPEST = 10;

export function createReader(deps: ReadDeps): PolicyReader {
  const compartments = onceEach<Seen<OciCompartment>>(isLasting);
  const regions = onceEach<Seen<readonly OciRegion[]>>(isLasting);
  const policies = onceEach<Listing>(({ policies: list, unread }) => isLasting(list) && areLasting(unread));
  const paths = onceEach<PathReading>(({ documents }) => areLasting(documents));
  const turn = limited(AT_ONCE);

  const readCompartment = (ref: KeyRef, id: string) =>
    compartments.get(id, () =>
      withIdentity(deps, ref, regionOf(ref), (identity) =>
        look({ call: "GetCompartment", about: ` of ${id}`, needs: "inspect compartments in tenancy" }, () =>
          identity.getCompartment(id),
        ),
      ),
    );

  const readRegions = (ref: KeyRef, tenancy: string) =>
    regions.get(tenancy, () =>
      withIdentity(deps, ref, regionOf(ref), (identity) =>
        look({ call: "ListRegionSubscriptions", needs: "inspect tenancies in tenancy" }, () =>
          identity.listRegions(tenancy),
        ),
      ),
    );

  const readPolicies = (at: Endpoint, where: Place) =>
    policies.get(where.id, () => listAndRead(deps.clients.identity(at), where, turn));

  async function readPath(ref: KeyRef, compartmentId: string): Promise<PathReading> {
    const path = await climb((id) => readCompartment(ref, id), compartmentId);
    if (!path.known) return { tenancy: null, documents: [rootDocument(unseen(path.why))] };
    const { tenancy, compartments: below } = path.value;
    const subscribed = await readRegions(ref, tenancy.id);
    const home = subscribed.known ? (subscribed.value.find(({ isHome }) => isHome)?.name ?? null) : null;
    const at = deps.endpoints.identity(ref, home ?? regionOf(ref));
    if (!at.known) return { tenancy: tenancy.id, documents: [rootDocument(at)] };
    const [own, ...others] = await Promise.all([tenancy, ...below].map((where) => readPolicies(at.value, where)));
    const ready = subscribed.known ? subscribed.value.filter(({ isReady }) => isReady).map(({ name }) => name) : null;
    const root = own?.policies.known
      ? seen(bodyOf({ tenancy, homeRegion: home, regions: ready, compartments: below, policies: own.policies.value }))
      : unseen(own?.policies.known === false ? own.policies.why : NOTHING);
    const documents = others.map((listing, index) => compartmentDocument(below.slice(0, index + 1), listing));
    const unread = [own, ...others].flatMap((listing) => listing?.unread ?? []);
    return { tenancy: tenancy.id, documents: [rootDocument(root), ...documents, ...unread] };
  }

  return {
    read: (ref, compartmentId) => paths.get(compartmentId, () => readPath(ref, compartmentId)),
    async home(ref, tenancyId) {
      const subscribed = await readRegions(ref, tenancyId);
      if (!subscribed.known) return subscribed;
      const home = subscribed.value.find(({ isHome }) => isHome);
      const at = deps.endpoints.identity(ref, home?.name ?? regionOf(ref));
      return at.known ? seen(deps.clients.identity(at.value)) : at;
    },
    forget() {
      for (const cache of [compartments, policies, paths]) cache.clear();
    },
  };
}

const NOTHING: LookFailure = {
  code: "look.unsupported",
  detail: "The policies of the root compartment were not read.",
};

/** The first document stands for all: without the root compartment's policies nothing can be judged. */
export function rootDocument(body: PolicyDocument["body"]): PolicyDocument {
  return { id: ROOT, title: "the policies of the root compartment", body };
}

function compartmentDocument(path: readonly Place[], { policies }: Listing): PolicyDocument {
  const compartment = path.at(-1) ?? { id: "", name: "" };
  const title = `the policies of the compartment ${pathName(path)}`;
  const body = policies.known ? seen(bodyOf({ compartment, policies: policies.value })) : policies;
  return { id: `${COMPARTMENT}${compartment.id}`, title, body };
}

async function withIdentity<T>(
  { clients, endpoints }: ReadDeps,
  ref: KeyRef,
  region: string,
  ask: (identity: IdentityPort) => Promise<Seen<T>>,
): Promise<Seen<T>> {
  const at = endpoints.identity(ref, region);
  return at.known ? ask(clients.identity(at.value)) : at;
}

interface Path {
  readonly tenancy: Place;
  /** From the root's child down. */
  readonly compartments: readonly Place[];
}

/** From a compartment up to the root, whose OCID is the tenancy's. */
async function climb(read: (id: string) => Promise<Seen<OciCompartment>>, compartmentId: string): Promise<Seen<Path>> {
  const compartments: Place[] = [];
  let id = compartmentId;
  for (let depth = 0; depth < DEEPEST; depth++) {
    const answer = await read(id);
    if (!answer.known) return answer;
    const { name, parentId } = answer.value;
    if (isTenancy(id) || parentId === null || parentId === id) return seen({ tenancy: { id, name }, compartments });
    compartments.unshift({ id, name });
    id = parentId;
  }
  return unseen({ code: "look.unreachable", detail: `The compartments above ${compartmentId} have no end.` });
}

function isTenancy(id: string): boolean {
  return id.startsWith("ocid1.tenancy.");
}

interface Listing {
  readonly policies: Seen<readonly PolicyRecord[]>;
  /** Policies that are listed and could not be read, each a document of its own. */
  readonly unread: readonly PolicyDocument[];
}

/** The list has no etags: each policy is read once more by itself. */
async function listAndRead(identity: IdentityPort, where: Place, turn: Turn): Promise<Listing> {
  const about = isTenancy(where.id) ? " of the root compartment" : ` of the compartment ${where.name}`;
  const needs = `inspect policies in ${isTenancy(where.id) ? "tenancy" : `compartment ${where.name}`}`;
  const listed = await look({ call: "ListPolicies", about, needs }, () => identity.listPolicies(where.id));
  if (!listed.known) return { policies: listed, unread: [] };
  const alive = listed.value.filter(({ lifecycleState }) => lifecycleState !== "DELETED");
  const read = await Promise.all(alive.map((policy) => turn(() => readPolicy(identity, policy, needs))));
  return {
    policies: seen(read.flatMap((one) => (one.record.known ? [one.record.value] : []))),
    unread: read.flatMap(({ policy, record }) =>
      record.known ? [] : [{ id: `${POLICY}${policy.id}`, title: `the policy "${policy.name}"`, body: record }],
    ),
  };
}

async function readPolicy(identity: IdentityPort, policy: OciPolicy, needs: string) {
  const asked = { call: "GetPolicy", about: ` of "${policy.name}"`, needs };
  const answer = await look(asked, () => identity.getPolicy(policy.id));
  const record: Seen<PolicyRecord> = answer.known ? seen(recordOf(answer.value.policy, answer.value.etag)) : answer;
  return { policy, record };
}

export function recordOf(policy: OciPolicy, etag: string): PolicyRecord {
  const { id, name, description, lifecycleState: state, statements } = policy;
  return { id, name, description, state, etag, statements };
}

interface Once<T> {
  get(name: string, work: () => Promise<T>): Promise<T>;
  clear(): void;
}

/** Shares what is under way and what is done, by name; what failed in passing is tried again by the next who asks. */
function onceEach<T>(lasts: (answer: T) => boolean): Once<T> {
  const known = new Map<string, Promise<T>>();
  async function keep(name: string, work: Promise<T>): Promise<T> {
    const answer = await work;
    if (!lasts(answer)) known.delete(name);
    return answer;
  }
  return {
    get(name, work) {
      const answer = known.get(name) ?? keep(name, work());
      known.set(name, answer);
      return answer;
    },
    clear: () => known.clear(),
  };
}

const PASSING: ReadonlySet<LookCode> = new Set(["look.throttled", "look.unreachable", "look.timeout"]);

function isLasting(answer: Seen<unknown>): boolean {
  return answer.known || !PASSING.has(answer.why.code);
}

function areLasting(documents: readonly PolicyDocument[]): boolean {
  return documents.every(({ body }) => isLasting(body));
}

type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** Lets so many pieces of work go on at once; the others wait for their turn. */
function limited(most: number): Turn {
  let busy = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (busy >= most) await new Promise<void>((go) => waiting.push(go));
    else busy++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) busy--;
      else next();
    }
  };
}
