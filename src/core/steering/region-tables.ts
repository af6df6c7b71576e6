/**
 * Assigns countries, subdivisions and Cloudflare's data centres to regions, and gives the middle of each region.
 *
 * Sources:
 * - The regions are the 13 of Cloudflare's load balancing (its Regions API).
 * - Countries: ISO 3166-1, and XK. Which region they are in follows the United Nations' M49 where its areas are those of
 *   Cloudflare. Where they are not: Mexico is with western North America, as in Cloudflare's own example; the Caribbean
 *   is with the east, and Central America with northern South America, which are nearer; Central Asia, the Caucasus,
 *   Turkey and Cyprus are where Cloudflare lists the data centres that serve them, or their networks lead. Africa is
 *   divided near the equator, East Africa being with the south.
 * - States and provinces: ISO 3166-2. Those that the example of Cloudflare's Regions API names are as it says (so
 *   Minnesota, Missouri and Texas are western); of the others those between them and the Pacific are western.
 * - Data centres: the public list of Cloudflare's locations (Netrvin/cloudflare-colo-list, MIT, 2026-08-07), each by its
 *   country and state.
 * - The middle of a region: the mean of its data centres on the sphere, in whole degrees.
 * @module
 */
import type { Region } from "./regions.ts";

/** By region, since that is shortest. US, CA and RU are in two regions and have rules of their own. */
const COUNTRIES: Readonly<Record<Region, string>> = {
  wnam: "MX",
  enam: "AG AI AW BB BL BM BQ BS CU CW DM DO GD GL GP HT JM KN KY LC MF MQ MS PM PR SX TC TT VC VG VI",
  nsam: "BZ CO CR EC GF GT GY HN NI PA PE SR SV VE",
  ssam: "AQ AR BO BR CL FK GS PY UY",
  weu: "AD AT AX BE CH DE DK ES FI FO FR GB GG GI IE IM IS IT JE LI LU MC MT NL NO PT SE SJ SM VA",
  eeu: "AL BA BG BY CY CZ EE GE GR HR HU KG KZ LT LV MD ME MK PL RO RS SI SK TJ TM TR UA UZ XK",
  me: "AE AM AZ BH IL IQ IR JO KW LB OM PS QA SA SY YE",
  naf:
    "BF BJ CF CI CM CV DJ DZ EG EH ER ET GH GM GN GQ GW LR LY MA ML MR NE NG SD SL SN SO SS ST TD " + "TG TN",
  saf: "AO BI BV BW CD CG GA KE KM LS MG MU MW MZ NA RE RW SC SH SZ TF TZ UG YT ZA ZM ZW",
  sas: "AF BD BT IN IO LK MV NP PK",
  seas: "BN CC CX ID KH LA MM MY PH SG TH TL VN",
  neas: "CN HK JP KP KR MN MO TW",
  oc: "AS AU CK FJ FM GU HM KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS",
};

const SUBDIVISIONS: Readonly<Partial<Record<Region, string>>> = {
  wnam:
    "US-AK US-AZ US-CA US-CO US-HI US-IA US-ID US-KS US-MN US-MO US-MT US-ND US-NE US-NM US-NV " +
    "US-OK US-OR US-SD US-TX US-UT US-WA US-WY CA-AB CA-BC CA-NT CA-SK CA-YT",
  enam:
    "US-AL US-AR US-CT US-DC US-DE US-FL US-GA US-IL US-IN US-KY US-LA US-MA US-MD US-ME US-MI " +
    "US-MS US-NC US-NH US-NJ US-NY US-OH US-PA US-PR US-RI US-SC US-TN US-VA US-VI US-VT US-WI " +
    "US-WV CA-MB CA-NB CA-NL CA-NS CA-NU CA-ON CA-PE CA-QC",
  oc: "US-AS US-GU US-MP US-UM",
};

const COLOS: Readonly<Record<Region, string>> = {
  wnam:
    "ABQ ANC AUS DEN DFW FSD GDL HNL IAH LAS LAX MCI MEX MSP OKC OMA PDX PHX QRO SAN SAT SEA SFO " +
    "SJC SLC SMF STL YVR YXE YYC",
  enam:
    "ATL BGI BGR BNA BOS BUF CLE CLT CMH CVG DTW EWR GND IAD IND JAX KIN MEM MIA ORD ORF PHL PIT " +
    "POS RDU RIC SDQ SJU STI TLH TPA YHZ YUL YWG YYZ",
  nsam: "BAQ BOG CLO GEO GUA GYE LIM MDE PBM PTY SAP SJO TGU UIO",
  ssam:
    "ARI ARU ASU BEL BSB CAW CFC CGB CNF COR CWB EZE FLN FOR GIG GRU GYN JDO JOI LPB MAO NQN NVT " +
    "PMW POA QWJ RAO REC SCL SJK SJP SOD SSA UDI VCP VIX XAP",
  weu:
    "AMS ARN BCN BOD BRU CDG CPH DUB DUS FCO FRA GOT GVA HAM HEL KEF LHR LIS LUX LYS MAD MAN MLA " +
    "MRS MUC MXP OSL PMO STR TXL VIE ZRH",
  eeu:
    "ADB AKX ALA ATH BEG BTS BUD DME FRU IST KBP KIV LCA LED LJU MSQ NQZ OTP PRG RIX SKG SKP SOF " +
    "TBS TIA TLL VNO WAW WRO ZAG",
  me: "AMM BAH BEY BGW BSR DMM DOH DXB EBL EVN GYD HFA ISU JED KWI LLK MCT NJF RUH TLV XNH ZDM",
  naf: "AAE ABJ ACC ADD ALG ASK CAI CZL DKR DLA JIB LOS ORN OUA TUN",
  saf: "CPT DAR DUR EBB FIH GBE HRE JNB KGL LAD LLW LUN MBA MPM MRU NBO RUN TNR WDH",
  sas:
    "AGR AMD BBI BDQ BLR BOM CCU CGP CJB CMB CNN COK DAC DEL HYD ISB IXC JRG KHI KNU KTM LHE MAA " +
    "MLE NAG PAT PBH PNQ UDR",
  seas: "BKK BWN CEB CGK CGY CNX CRK DAD DPS HAN JHB JOG KCH KUL MLG MNL PNH SGN SIN URT VTE",
  neas:
    "ACX AVA CAN CGD CGO CKG CSX CTU CZX DLC FOC FUK FUO HAK HGH HKG HYN ICN JXG KHH KHN KIX KJA " +
    "KMG KWE LYA MFM NRT OKA PKX SHA SJW SZX TAO TEN TNA TPE TYN ULN XFN XIY",
  oc: "ADL AKL BNE CBR CHC GUM HBA MEL NOU PER PPT SUV SYD WLG",
};

export interface Coordinates {
  /** Degrees north, -90 to 90. */
  readonly latitude: number;
  /** Degrees east, -180 to 180. */
  readonly longitude: number;
}

const CENTROIDS: Readonly<Record<Region, Coordinates>> = {
  wnam: { latitude: 38, longitude: -109 },
  enam: { latitude: 34, longitude: -77 },
  nsam: { latitude: 6, longitude: -77 },
  ssam: { latitude: -21, longitude: -50 },
  weu: { latitude: 50, longitude: 6 },
  eeu: { latitude: 49, longitude: 31 },
  me: { latitude: 31, longitude: 45 },
  naf: { latitude: 20, longitude: 8 },
  saf: { latitude: -16, longitude: 32 },
  sas: { latitude: 21, longitude: 79 },
  seas: { latitude: 7, longitude: 109 },
  neas: { latitude: 34, longitude: 122 },
  oc: { latitude: -32, longitude: 159 },
};

/** Countries in more than one region; the place within the country decides. */
const DIVIDED = ["CA", "RU", "US"] as const;

type Table = ReadonlyMap<string, Region>;

const tables = new Map<object, Table>();

/** Made on first use, because most configurations do not need it. */
function tableOf(lists: Readonly<Partial<Record<Region, string>>>): Table {
  let table = tables.get(lists);
  if (table === undefined) {
    const entries = Object.entries(lists) as [Region, string][];
    table = new Map(entries.flatMap(([region, codes]) => codes.split(" ").map((code) => [code, region])));
    tables.set(lists, table);
  }
  return table;
}

/**
 * The region of a country that lies in a single one; null: the country is divided, or the code is no country's.
 * @param country upper case
 */
export function regionOfCountry(country: string): Region | null {
  return tableOf(COUNTRIES).get(country) ?? null;
}

/** @param subdivision of the United States or Canada, such as `US-CA`; null: not one of them */
export function regionOfSubdivision(subdivision: string): Region | null {
  return tableOf(SUBDIVISIONS).get(subdivision) ?? null;
}

/** @param colo a data centre's code, such as `FRA`; null: not a known one */
export function regionOfColo(colo: string): Region | null {
  return tableOf(COLOS).get(colo) ?? null;
}

/** The middle of a region, for clients of which only the region is known. */
export function centroidOf(region: Region): Coordinates {
  return CENTROIDS[region];
}

/** True if `code` is a country's: ISO 3166-1 alpha-2, upper case, or XK. */
export function isCountry(code: string): boolean {
  return tableOf(COUNTRIES).has(code) || (DIVIDED as readonly string[]).includes(code);
}
