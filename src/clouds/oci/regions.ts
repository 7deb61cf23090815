/**
 * Oracle's realms, their domains and the regions in them, each with its three-letter code
 * (https://docs.oracle.com/en-us/iaas/Content/General/Concepts/regions.htm). A test holds this against `oci-common`,
 * which this file does not import: a key reference is read without an SDK.
 */

export interface Realm {
  readonly id: string;
  readonly domain: string;
  /** Region by code. */
  readonly regions: ReadonlyMap<string, string>;
}

export const REALMS: readonly Realm[] = [
  realm(
    "oc1",
    "oraclecloud.com",
    "lej=af-casablanca-1 jnb=af-johannesburg-1 hsg=ap-batam-1 yny=ap-chuncheon-1 onm=ap-delhi-1",
    "hyd=ap-hyderabad-1 jbp=ap-kulai-2 mel=ap-melbourne-1 bom=ap-mumbai-1 kix=ap-osaka-1 icn=ap-seoul-1",
    "sin=ap-singapore-1 xsp=ap-singapore-2 syd=ap-sydney-1 nrt=ap-tokyo-1 yul=ca-montreal-1",
    "yyz=ca-toronto-1 ams=eu-amsterdam-1 fra=eu-frankfurt-1 mad=eu-madrid-1 orf=eu-madrid-3",
    "mrs=eu-marseille-1 lin=eu-milan-1 cdg=eu-paris-1 arn=eu-stockholm-1 nrq=eu-turin-1 zrh=eu-zurich-1",
    "mtz=il-jerusalem-1 auh=me-abudhabi-1 dxb=me-dubai-1 jed=me-jeddah-1 ruh=me-riyadh-1",
    "mty=mx-monterrey-1 qro=mx-queretaro-1 bog=sa-bogota-1 scl=sa-santiago-1 gru=sa-saopaulo-1",
    "vap=sa-valparaiso-1 vcp=sa-vinhedo-1 cwl=uk-cardiff-1 lhr=uk-london-1 iad=us-ashburn-1",
    "ord=us-chicago-1 phx=us-phoenix-1 aga=us-saltlake-2 sjc=us-sanjose-1",
  ),
  realm("oc2", "oraclegovcloud.com", "lfi=us-langley-1 luf=us-luke-1"),
  realm("oc3", "oraclegovcloud.com", "ric=us-gov-ashburn-1 pia=us-gov-chicago-1 tus=us-gov-phoenix-1"),
  realm("oc4", "oraclegovcloud.uk", "brs=uk-gov-cardiff-1 ltn=uk-gov-london-1"),
  realm("oc8", "oraclecloud8.com", "nja=ap-chiyoda-1 ukb=ap-ibaraki-1"),
  realm("oc9", "oraclecloud9.com", "mct=me-dcc-muscat-1 ibr=me-ibri-1"),
  realm("oc10", "oraclecloud10.com", "wga=ap-dcc-canberra-1"),
  realm(
    "oc14",
    "oraclecloud14.com",
    "ork=eu-dcc-dublin-1 snn=eu-dcc-dublin-2 bgy=eu-dcc-milan-1 mxp=eu-dcc-milan-2 dus=eu-dcc-rating-1",
    "dtm=eu-dcc-rating-2",
  ),
  realm("oc15", "oraclecloud15.com", "dac=ap-dcc-gazipur-1"),
  realm("oc19", "oraclecloud.eu", "str=eu-frankfurt-2 vll=eu-madrid-2"),
  realm("oc20", "oraclecloud20.com", "beg=eu-jovanovac-1"),
  realm("oc21", "oraclecloud21.com", "vve=me-alrayyan-1 doh=me-dcc-doha-1"),
  realm("oc23", "oraclecloud23.com", "ebb=us-somerset-1 ebl=us-thames-1"),
  realm("oc24", "oraclecloud24.com", "avf=eu-crissier-1 avz=eu-dcc-zurich-1"),
  realm("oc26", "oraclecloud26.com", "ahu=me-abudhabi-3 rba=me-alain-1"),
  realm("oc29", "oraclecloud29.com", "rkt=me-abudhabi-2 shj=me-abudhabi-4"),
  realm("oc35", "oraclecloud35.com", "bno=ap-chuncheon-2 dtz=ap-seoul-2 dln=ap-suwon-1"),
  realm("oc42", "oraclecloud42.com", "yxj=us-ashburn-2 pgc=us-newark-1"),
  realm("oc51", "oraclecloud51.com", "jsk=eu-budapest-1"),
  realm("oc52", "oraclecloud52.com", "hnw=sa-riodejaneiro-1"),
];

function realm(id: string, domain: string, ...lines: readonly string[]): Realm {
  const pairs = lines.flatMap((line) => line.split(" ")).map((pair) => pair.split("="));
  return { id, domain, regions: new Map(pairs.map(([code = "", region = ""]) => [code, region])) };
}

/** The realm's domain (`oraclecloud.com`); null for a realm that is not known. */
export function domainOf(realmId: string): string | null {
  return REALMS.find((one) => one.id === realmId)?.domain ?? null;
}

/** The name of a region by its code or its name; what is not known is taken to be a name. */
export function regionName(codeOrName: string): string {
  const word = codeOrName.toLowerCase();
  for (const { regions } of REALMS) {
    const name = regions.get(word);
    if (name !== undefined) return name;
  }
  return word;
}

/** The three-letter code of a region; null when it is not known. */
export function regionCode(name: string): string | null {
  for (const { regions } of REALMS) {
    for (const [code, region] of regions) if (region === name) return code;
  }
  return null;
}
