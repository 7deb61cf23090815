import { named } from "../cli/peek.ts";

const CLOUDS = ["aws", "gcp", "oci"] as const;
/** What makes the command ask somebody else, by whom it would have asked. */
export const WHO: Readonly<Record<string, (origin: string) => Readonly<Record<string, string>>>> = {
  aiven: (origin) => ({ AIVEN_WEB_URL: origin }),
  aws: (origin) => ({ AWS_ENDPOINT_URL_KMS: origin, AWS_ENDPOINT_URL_STS: origin }),
  gcp: (origin) => ({ CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: `${origin}/` }),
  oci: (origin) => ({ KEYGRANT_OCI_ENDPOINT: origin }),
};

/** A command that asks that one. */
export function commandFor(who: string): readonly string[] {
  const cloud = CLOUDS.find((one) => one === who);
  return cloud === undefined
    ? ["accessors"]
    : ["policy", named("granted", cloud), "--current", "live", "--format", "document"];
}
