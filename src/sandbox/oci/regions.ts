/**
 * Some regions and their keys, as identity and `request.region` have them.
 * https://docs.oracle.com/iaas/Content/General/Concepts/regions.htm
 */
export const REGION_KEYS: Readonly<Record<string, string>> = {
  "ap-mumbai-1": "BOM",
  "ap-sydney-1": "SYD",
  "ap-tokyo-1": "NRT",
  "ca-toronto-1": "YYZ",
  "eu-amsterdam-1": "AMS",
  "eu-frankfurt-1": "FRA",
  "eu-zurich-1": "ZRH",
  "sa-saopaulo-1": "GRU",
  "uk-london-1": "LHR",
  "us-ashburn-1": "IAD",
  "us-phoenix-1": "PHX",
};

/** A region as an OCID spells it: by name, or by key in lower case (`iad`). */
export function regionName(spelt: string): string {
  const key = spelt.toUpperCase();
  return Object.entries(REGION_KEYS).find(([, known]) => known === key)?.[0] ?? spelt;
}

export function regionKey(name: string): string {
  return REGION_KEYS[name] ?? name.toUpperCase();
}

/** The region of a key, a vault or a key version: `ocid1.<type>.<realm>.<region>.…` */
export function regionOf(ocid: string): string {
  return regionName(ocid.split(".")[3] ?? "");
}
