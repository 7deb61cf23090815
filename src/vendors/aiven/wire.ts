import * as z from "zod";
import type { CloudId, Registration, ServiceUse } from "../../core/model.ts";
import { isPlain, plainText } from "../../core/text.ts";

/**
 * What travels between Aiven and us. Sources: the vendor's page "Bring your own key" and the generated client
 * aiven/go-client-codegen, handler/cmk/cmk.go. Fields that we do not know are ignored, so that Aiven may add some;
 * strings are bounded, and what goes into a policy or a URL later must be printable.
 */

/** Something that identifies: a value with control characters in it is not one. */
const identifier = z
  .string()
  .min(1)
  .max(2_048)
  .refine((text) => isPlain(text), "holds control characters");

/** A UUID in all of the vendor's examples; it becomes a part of paths. */
const cmkId = z.string().regex(/^[\w-]{1,100}$/);

/** Something to read: made printable instead of refused. */
const words = z
  .string()
  .max(10_000)
  .transform((text) => plainText(text, 200));

/** Only register promises `provider` and `status`; get, update and delete may leave them out. */
const cmk = z.object({
  id: cmkId,
  resource: identifier,
  provider: z.string().max(100).nullish(),
  status: z.string().max(100).nullish(),
  default_cmk: z.boolean().nullish(),
  created_at: words.nullish(),
  updated_at: words.nullish(),
});

export type WireCmk = z.infer<typeof cmk>;

export const cmkAnswer = z.object({ cmk });
export const cmksAnswer = z.object({ cmks: z.array(cmk).max(100_000) });

export const servicesAnswer = z.object({
  service_associations: z.array(z.object({ service_name: words, status: words.nullish() })).max(100_000),
});

const accessor = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => z.object(shape).nullish();

/** Every cloud is optional. On AWS the docs say `role_arn` and the generated client says `principal`. */
export const accessorsAnswer = z.object({
  accessors: z.object({
    aws: accessor({ role_arn: identifier.nullish(), principal: identifier.nullish() }),
    gcp: accessor({ access_group: identifier.nullish() }),
    oci: accessor({ access_group: identifier.nullish(), access_tenant: identifier.nullish() }),
    azure: accessor({ app_id: identifier.nullish() }),
  }),
});

export type WireAccessors = z.infer<typeof accessorsAnswer>["accessors"];

/** The accessor's fields; "none" when Aiven names nobody on this cloud, "unclear" when it names half of somebody. */
export function accessorFields(
  accessors: WireAccessors,
  cloud: CloudId,
): Readonly<Record<string, string>> | "none" | "unclear" {
  const fields = fieldsOf(accessors, cloud);
  const values = Object.values(fields);
  if (values.every((value) => value === undefined || value === null)) return "none";
  const { role_arn, principal } = accessors.aws ?? {};
  if (cloud === "aws" && role_arn && principal && role_arn !== principal) return "unclear";
  const given = Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return given.length === values.length ? Object.fromEntries(given) : "unclear";
}

/** In the names that `policies/aiven/` uses. Spelled out: nothing that came over the wire becomes a property's name. */
function fieldsOf({ aws, gcp, oci, azure }: WireAccessors, cloud: CloudId): Record<string, string | null | undefined> {
  switch (cloud) {
    case "aws":
      return { role_arn: aws?.role_arn ?? aws?.principal };
    case "gcp":
      return { access_group: gcp?.access_group };
    case "oci":
      return { access_group: oci?.access_group, access_tenant: oci?.access_tenant };
    case "azure":
      return { app_id: azure?.app_id };
  }
}

export function toRegistration(project: string, wire: WireCmk): Registration {
  return {
    vendor: "aiven",
    project,
    id: wire.id,
    cloud: cloudOf(wire),
    resource: wire.resource,
    status: STATUSES.find((status) => status === wire.status) ?? "unknown",
    default: wire.default_cmk ?? false,
    ...(wire.created_at ? { createdAt: wire.created_at } : {}),
    ...(wire.updated_at ? { updatedAt: wire.updated_at } : {}),
  };
}

export function toServices(wire: z.infer<typeof servicesAnswer>): readonly ServiceUse[] {
  return wire.service_associations.map(({ service_name, status }) => ({
    name: service_name,
    status: status ?? "unknown",
  }));
}

const STATUSES = ["current", "old", "deleted"] as const;
const CLOUDS: readonly CloudId[] = ["aws", "gcp", "oci", "azure"];

/** A provider that is named and not known stays unknown: the resource is not asked to overrule it. */
function cloudOf({ provider, resource }: WireCmk): CloudId | null {
  if (typeof provider === "string") return CLOUDS.find((cloud) => cloud === provider) ?? null;
  return cloudOfResource(resource);
}

/** The cloud that a key reference belongs to, by its form alone; null when it is none that we know. */
export function cloudOfResource(resource: string): CloudId | null {
  if (/^arn:[^:]+:kms:/.test(resource)) return "aws";
  if (/^projects\/[^/]+\/locations\//.test(resource)) return "gcp";
  if (resource.startsWith("ocid1.key.")) return "oci";
  return /^https:\/\/[^/]+\.vault\.azure\.net\//i.test(resource) ? "azure" : null;
}

const wireError = z.object({
  message: z.string().optional().catch(undefined),
  errors: z
    .array(
      z.object({
        message: z.string().optional().catch(undefined),
        status: z.number().optional().catch(undefined),
        error_code: z.string().optional().catch(undefined),
      }),
    )
    .catch([]),
});

/** Aiven's own error, as opposed to the page of something in between. */
export interface AivenError {
  /** Aiven's words and codes, printable, one line, bounded. */
  readonly words: string;
  readonly codes: readonly string[];
  /** Whether Aiven tried to use the key and could not. */
  readonly cannotUseKey: boolean;
  /** Whether the list `errors` is there: some gateways answer with a `message` of their own. */
  readonly itemised: boolean;
}

/** Null for a body that is not one of Aiven's errors. */
export function readError(json: unknown): AivenError | null {
  const read = wireError.safeParse(json);
  if (!read.success) return null;
  const errors = read.data.errors.slice(0, 10);
  const messages = [read.data.message, ...errors.map((error) => error.message)].filter(isText);
  if (messages.length === 0) return null;
  const codes = [...new Set(errors.map((error) => error.error_code).filter(isText))];
  const said = [...new Set(messages.map((message) => plainText(message, 300)))].join("; ");
  return {
    words: plainText(codes.length === 0 ? said : `${said} (${codes.join(", ")})`, 500),
    codes,
    cannotUseKey: messages.some((message) => message.toLowerCase().includes("cannot verify encrypt/decrypt access")),
    itemised: errors.length > 0,
  };
}

function isText(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}
