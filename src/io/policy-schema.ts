import { z } from "zod";
import type { VendorCloudPolicy } from "../core/model.ts";

const name = z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/);
const words = z.array(z.string().min(1).max(256)).min(1).max(64);

/** The schema of `policies/<vendor>/<cloud>.json`; `policies/schema.json` is made from it for editors. */
export const policySchema: z.ZodType<VendorCloudPolicy> = z.strictObject({
  $schema: z.string().optional(),
  schemaVersion: z.literal(1),
  vendor: name.describe("The folder under policies/"),
  cloud: z.enum(["aws", "gcp", "oci", "azure"]).describe("The file's name"),
  source: z.strictObject({
    page: z.url({ protocol: /^https$/ }).describe("The vendor's page that the facts were read from"),
    checked: z.iso.date().describe("When the page was read last"),
  }),
  accessor: z.strictObject({
    fields: z
      .record(
        name,
        z.strictObject({
          pattern: z.string().startsWith("^").endsWith("$").max(500).describe("An anchored regular expression"),
          shape: z.string().min(1).max(200).describe('What a value is, as a noun: "the ARN of an IAM role"'),
          example: z.string().min(1).max(500),
        }),
      )
      .describe("The fields of a principal, in the vendor's own names"),
  }),
  key: z.strictObject({
    kinds: z
      .array(
        z.strictObject({
          name,
          usage: z.string().min(1).describe("The cloud's own word for what the key is for"),
          algorithms: words.describe("The cloud's own words for the specs that the vendor takes"),
          actions: words.describe("Every action that the vendor must be allowed to do"),
          grant: z.record(z.string(), z.unknown()).describe("The cloud's template, {field} for an accessor's field"),
        }),
      )
      .min(1),
  }),
  registration: z
    .strictObject({
      terraform: z.strictObject({
        type: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
        arguments: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), z.union([z.string().max(500), z.boolean()])),
      }),
    })
    .exactOptional()
    .describe("How the vendor's own tools register a key; {project} and {key} are filled in"),
});
