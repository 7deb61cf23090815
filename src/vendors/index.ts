import { usageError } from "../core/errors.ts";
import { plainText } from "../core/text.ts";
import type { Vendor } from "../core/vendor.ts";
import type { HttpDeps } from "../io/http.ts";

/** The folders of `src/vendors/` and of `policies/`. */
export const VENDOR_IDS = ["aiven"] as const;

/** What any vendor's client needs. No vendor is named here: a new one is a folder and a line in `VENDORS`. */
export interface VendorSettings extends HttpDeps {
  /** The origin of the vendor's API; undefined for the vendor's own. */
  readonly webUrl?: string | undefined;
  readonly token: string;
}

type Open = (settings: VendorSettings) => Promise<Vendor>;

const VENDORS: Readonly<Record<(typeof VENDOR_IDS)[number], Open>> = {
  aiven: async (settings) => (await import("./aiven/client.ts")).createAiven(settings),
};

/** Loads the vendor's client, and its schema library with it, on first use. Asks nothing of anybody. */
export async function openVendor(id: string, settings: VendorSettings): Promise<Vendor> {
  return VENDORS[refuseUnknownVendor(id)](settings);
}

/** A vendor that only a policy file describes cannot be asked anything. */
export function refuseUnknownVendor(id: string): (typeof VENDOR_IDS)[number] {
  const known = VENDOR_IDS.find((vendor) => vendor === id);
  if (known !== undefined) return known;
  throw usageError(
    "vendor.unknown",
    `keygrant does not know how to ask a vendor "${plainText(id, 60)}".`,
    `Use one of: ${VENDOR_IDS.join(", ")}. \`keygrant policy --accessor name=value\` asks nobody.`,
  );
}
