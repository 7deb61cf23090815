import type { SandboxReply } from "../module.ts";
import { type Call, onlyFields, optionalFlag, text } from "./call.ts";
import { json, Refused, refusal } from "./replies.ts";
import { addCmk, associationStatus, type StoredCmk, type StoredProject, setDefault } from "./world.ts";

/** What a reference must look like, by provider. Aiven's page gives the forms, not what is said of others. */
const RESOURCES: Readonly<Record<string, readonly [RegExp, string]>> = {
  aws: [/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, "an AWS KMS key ARN"],
  azure: [/^https:\/\/[A-Za-z0-9-]+\.[a-z.]+\/keys\/[A-Za-z0-9-]+(\/[0-9a-f]+)?$/, "an Azure Key Vault key"],
  gcp: [/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/, "a Google Cloud KMS resource name"],
  oci: [/^ocid1\.key\.[^.]+\.[^.]*\..+$/, "an OCI key OCID"],
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Malformed is 400 `invalid_cmk_id`; that an unknown one is 404, without a code, is assumed. */
export function findCmk(project: StoredProject, id: string): StoredCmk {
  if (!UUID.test(id)) throw new Refused(400, "Invalid CMK ID", "invalid_cmk_id");
  const cmk = project.cmks.find((each) => each.id === id.toLowerCase());
  if (cmk === undefined) throw new Refused(404, "CMK not found");
  return cmk;
}

/** One that can still be worked with: a deleted CMK can be looked at and nothing else (assumed). */
export function findLiveCmk(project: StoredProject, id: string): StoredCmk {
  const cmk = findCmk(project, id);
  if (cmk.status === "deleted") throw new Refused(404, "CMK not found");
  return cmk;
}

/** The CMK as the page shows it, or with what the generated client's schema promises alone. */
function shown(call: Call, cmk: StoredCmk): Readonly<Record<string, unknown>> {
  if (call.parts.knobs.cmkFields === "page") return { ...cmk };
  const { provider: _provider, status: _status, ...promised } = cmk;
  return promised;
}

function associationsOf(call: Call, cmk: StoredCmk) {
  const now = call.context.clock.now();
  return call.project.services.flatMap((service) => {
    const association = service.associations.find((each) => each.cmk_id === cmk.id);
    const status = association && associationStatus(service, association, now, call.parts.knobs);
    return status ? [{ service_name: service.service_name, status }] : [];
  });
}

export function listAccessors(call: Call): SandboxReply {
  const accessors: Record<string, Readonly<Record<string, string>>> = { ...call.project.accessors };
  const { aws } = accessors;
  if (call.parts.knobs.accessorSpelling === "principal" && aws?.["role_arn"] !== undefined) {
    const { role_arn: principal, ...rest } = aws;
    accessors["aws"] = { principal, ...rest };
  }
  return json(200, { accessors });
}

export function listCmks(call: Call): SandboxReply {
  const { deletedListed } = call.parts.knobs;
  const cmks = call.project.cmks.filter((cmk) => deletedListed || cmk.status !== "deleted");
  return json(200, { cmks: cmks.map((cmk) => shown(call, cmk)) });
}

function registrationOf(call: Call) {
  onlyFields(call.body, ["provider", "resource", "default_cmk"]);
  const provider = text(call.body, "provider", 64);
  const resource = text(call.body, "resource", 512);
  const isDefault = optionalFlag(call.body, "default_cmk") ?? false;
  const form = Object.hasOwn(RESOURCES, provider) ? RESOURCES[provider] : undefined;
  if (form === undefined) {
    throw new Refused(400, `Invalid input for provider: '${provider}' is not one of aws, azure, gcp, oci`);
  }
  const [pattern, wanted] = form;
  if (!pattern.test(resource)) throw new Refused(400, `Invalid input for resource: not ${wanted}`);
  return { provider, resource, isDefault };
}

/** The answer when the resource is registered already; null: go on and register it. */
function duplicate(call: Call, provider: string, resource: string): SandboxReply | null {
  const { duplicates } = call.parts.knobs;
  const same = call.project.cmks.find(
    (cmk) => cmk.status !== "deleted" && cmk.provider === provider && cmk.resource === resource,
  );
  if (same === undefined || duplicates === "create") return null;
  if (duplicates === "return") return json(200, { cmk: same });
  return refusal(409, "CMK with this resource already exists in the project");
}

/** Uses the key as the project's own principal. The words are the page's; why it failed is not told, as at Aiven. */
async function verify(call: Call, provider: string, resource: string): Promise<SandboxReply | null> {
  const use = call.parts.use[provider];
  const accessor = call.project.accessors[provider];
  const usable = use && accessor && (await use(accessor, resource, call.context));
  if (usable?.ok) return null;
  if (usable?.generic) return refusal(400, "CMK validation failed");
  const { refusalStatus, refusalErrorCode } = call.parts.knobs;
  return refusal(refusalStatus, "Cannot verify encrypt/decrypt access", refusalErrorCode);
}

export async function registerCmk(call: Call): Promise<SandboxReply> {
  const { provider, resource, isDefault } = registrationOf(call);
  const before = duplicate(call, provider, resource) ?? (await verify(call, provider, resource));
  if (before !== null) return before;
  // Another registration of the same resource may have gone through while the key was being used.
  const meanwhile = duplicate(call, provider, resource);
  if (meanwhile !== null) return meanwhile;
  const cmk = addCmk(call.project, call.context, { provider, resource, default_cmk: isDefault, status: "current" });
  return json(call.parts.knobs.registerStatus, { cmk });
}

export function getCmk(call: Call): SandboxReply {
  const cmk = findCmk(call.project, call.name);
  if (cmk.status === "deleted" && !call.parts.knobs.deletedListed) throw new Refused(404, "CMK not found");
  const more = call.parts.knobs.associationsInGet ? { service_associations: associationsOf(call, cmk) } : {};
  return json(200, { cmk: { ...shown(call, cmk), ...more } });
}

export function updateCmk(call: Call): SandboxReply {
  const cmk = findLiveCmk(call.project, call.name);
  onlyFields(call.body, ["default_cmk"]);
  const isDefault = optionalFlag(call.body, "default_cmk");
  if (isDefault !== null) {
    setDefault(call.project, cmk, isDefault);
    cmk.updated_at = call.context.clock.now().toISOString();
  }
  return json(200, { cmk: shown(call, cmk) });
}

export function deleteCmk(call: Call): SandboxReply {
  const cmk = findLiveCmk(call.project, call.name);
  if (associationsOf(call, cmk).length > 0) {
    return refusal(409, "CMK cannot be deleted because it is still associated with one or more services");
  }
  cmk.status = "deleted";
  cmk.default_cmk = false;
  cmk.updated_at = call.context.clock.now().toISOString();
  return json(200, { cmk: shown(call, cmk) });
}

export async function checkAccess(call: Call): Promise<SandboxReply | null> {
  const { accessCheck } = call.parts.knobs;
  if (accessCheck === "absent") return null;
  const cmk = findLiveCmk(call.project, call.name);
  onlyFields(call.body, []);
  const refused = accessCheck === "honest" ? await verify(call, cmk.provider, cmk.resource) : null;
  return refused ?? json(200, { cmk: shown(call, cmk) });
}

export function listAssociations(call: Call): SandboxReply {
  const cmk = findCmk(call.project, call.name);
  return json(200, { service_associations: associationsOf(call, cmk) });
}
