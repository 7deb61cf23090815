import { type Answer, authorize, type Call, identityRegion, ownTenancy, page, pathPart, queried } from "./call.ts";
import { invalidParameter, notAuthorizedOrNotFound } from "./errors.ts";
import { regionKey } from "./regions.ts";
import { type Compartment, CREATED, findTenancy, type Group, type OciWorld, type Tenancy } from "./world.ts";

// https://docs.oracle.com/iaas/api/#/en/identity/20160918/

export function getTenancy(call: Call): Answer {
  const { id, name, homeRegion } = ownTenancy(call);
  return { body: { id, name, description: name, homeRegionKey: regionKey(homeRegion), ...tags() } };
}

export function listRegionSubscriptions(call: Call): Answer {
  const { regions, homeRegion } = ownTenancy(call);
  const body = regions.map((regionName) => ({
    regionKey: regionKey(regionName),
    regionName,
    status: "READY",
    isHomeRegion: regionName === homeRegion,
  }));
  return { body };
}

/** With `compartmentIdInSubtree`, which goes for the root alone, all below it; the root itself is in no list. */
export function listCompartments(call: Call): Answer {
  const { world, query } = call;
  const id = queried(call, "compartmentId");
  const inSubtree = query.get("compartmentIdInSubtree") === "true";
  if (inSubtree && findTenancy(world, id) === undefined) {
    throw invalidParameter("compartmentIdInSubtree can only be set to true on the tenancy (root compartment).");
  }
  authorize(call, { permissions: ["COMPARTMENT_INSPECT"], compartmentId: id, region: identityRegion(call) });
  const found = world.compartments
    .filter((one) => (inSubtree ? one.tenancy === id : one.parent === id))
    .filter(({ name }) => (query.get("name") ?? name) === name)
    .filter(() => (query.get("lifecycleState") ?? "ACTIVE").toUpperCase() === "ACTIVE")
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return page(call, found, shown);
}

export function getCompartment(call: Call): Answer {
  const id = pathPart(call, 0);
  authorize(call, { permissions: ["COMPARTMENT_INSPECT"], compartmentId: id, region: identityRegion(call) });
  const compartment = compartmentOf(call.world, id);
  return { body: shown(compartment), etag: id };
}

function compartmentOf(world: OciWorld, id: string): Compartment | Tenancy {
  const found = world.compartments.find((one) => one.id === id) ?? findTenancy(world, id);
  if (found === undefined) throw notAuthorizedOrNotFound();
  return found;
}

/** The root compartment can be looked at as one, and lies in no other. */
function shown(compartment: Compartment | Tenancy): unknown {
  const { id, name } = compartment;
  const inside = "parent" in compartment;
  return {
    id,
    compartmentId: inside ? compartment.parent : null,
    name,
    description: inside ? compartment.description : "The root Compartment of the tenancy",
    timeCreated: CREATED,
    lifecycleState: "ACTIVE",
    inactiveStatus: null,
    isAccessible: true,
    ...tags(),
  };
}

export function listGroups(call: Call): Answer {
  const tenancy = queried(call, "compartmentId");
  authorize(call, { permissions: ["GROUP_INSPECT"], compartmentId: tenancy, region: identityRegion(call) });
  const groups = call.world.groups
    .filter((group) => group.tenancy === tenancy)
    .filter(({ name }) => (call.query.get("name") ?? name) === name)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return page(call, groups, shownGroup);
}

export function getGroup(call: Call): Answer {
  const group = call.world.groups.find(({ id }) => id === pathPart(call, 0));
  if (group === undefined) throw notAuthorizedOrNotFound();
  const variables = { "target.group.id": group.id, "target.group.name": group.name };
  const region = identityRegion(call);
  authorize(call, { permissions: ["GROUP_INSPECT"], compartmentId: group.tenancy, region, variables });
  return { body: shownGroup(group), etag: group.id };
}

function shownGroup({ id, tenancy, name, description }: Group): unknown {
  return {
    id,
    compartmentId: tenancy,
    name,
    description,
    timeCreated: CREATED,
    lifecycleState: "ACTIVE",
    inactiveStatus: null,
    ...tags(),
  };
}

function tags(): object {
  return { freeformTags: {}, definedTags: {} };
}
