import { authorize, type Call, can } from "./call.ts";
import { errorInfo, GoogleError } from "./errors.ts";
import { predefinedRole } from "./roles.ts";

const ANY_ETAG = "AA==";

/** https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles/get */
export function getProjectRole(call: Call): object {
  const [project = "", role = ""] = call.name.split("/roles/");
  if (!can(call, "iam.roles.get", project)) {
    const permission = "iam.roles.get";
    throw new GoogleError("PERMISSION_DENIED", `You don't have permission to get the role at ${call.name}.`, [
      errorInfo("IAM_PERMISSION_DENIED", "iam.googleapis.com", { permission, resource: call.name }),
    ]);
  }
  const found = call.world.roles.find(({ name }) => name === call.name);
  if (found === undefined) throw new GoogleError("NOT_FOUND", `The role named ${call.name} was not found.`);
  const { name, title, includedPermissions, etag } = found;
  return { name, title, description: `sandbox: ${role}`, includedPermissions, stage: "GA", etag };
}

/** https://cloud.google.com/iam/docs/reference/rest/v1/roles/get: anybody may. */
export function getRole(call: Call): object {
  const includedPermissions = predefinedRole(call.name);
  if (includedPermissions === undefined)
    throw new GoogleError("NOT_FOUND", `The role named ${call.name} was not found.`);
  const title = call.name.replace("roles/", "");
  const permissions = [...new Set(includedPermissions)].toSorted();
  return { name: call.name, title, includedPermissions: permissions, stage: "GA", etag: ANY_ETAG };
}

/** https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations */
export function getLocation(call: Call): object {
  authorize(call, "cloudkms.locations.get");
  return location(call.name);
}

/** Two of them, so that there is something to see. */
export function listLocations(call: Call): object {
  authorize(call, "cloudkms.locations.list");
  return { locations: ["europe-west1", "global"].map((id) => location(`${call.name}/locations/${id}`)) };
}

function location(name: string): object {
  const metadata = {
    "@type": "type.googleapis.com/google.cloud.kms.v1.LocationMetadata",
    hsmAvailable: true,
    ekmAvailable: false,
  };
  return { name, locationId: name.split("/").at(-1), metadata };
}
