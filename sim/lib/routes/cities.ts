/**
 * Cities that clients come from in a simulation of routes, each with what Cloudflare says of an address there.
 * @module
 */

export interface City {
  readonly name: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly continent: string;
  /** The part of ISO 3166-2 after the hyphen; null: of a country where the balancer does not tell parts apart. */
  readonly subdivision: string | null;
  /** Degrees north and east. */
  readonly latitude: number;
  readonly longitude: number;
  /** The data centre that its clients come to. */
  readonly colo: string;
}

/** Of a region, a country or a state the first one stands for it. */
const TABLE = `
  frankfurt      DE EU -   50.11    8.68 FRA
  paris          FR EU -   48.86    2.35 CDG
  london         GB EU -   51.51   -0.13 LHR
  amsterdam      NL EU -   52.37    4.90 AMS
  madrid         ES EU -   40.42   -3.70 MAD
  milan          IT EU -   45.46    9.19 MXP
  stockholm      SE EU -   59.33   18.07 ARN
  zurich         CH EU -   47.38    8.54 ZRH
  vienna         AT EU -   48.21   16.37 VIE
  dublin         IE EU -   53.35   -6.26 DUB
  lisbon         PT EU -   38.72   -9.14 LIS
  warsaw         PL EU -   52.23   21.01 WAW
  kyiv           UA EU -   50.45   30.52 KBP
  bucharest      RO EU -   44.43   26.10 OTP
  athens         GR EU -   37.98   23.73 ATH
  moscow         RU EU -   55.76   37.62 DME
  istanbul       TR AS -   41.01   28.98 IST
  dubai          AE AS -   25.20   55.27 DXB
  riyadh         SA AS -   24.71   46.68 RUH
  tel-aviv       IL AS -   32.09   34.78 TLV
  ashburn        US NA VA  39.04  -77.49 IAD
  new-york       US NA NY  40.71  -74.01 EWR
  chicago        US NA IL  41.88  -87.63 ORD
  miami          US NA FL  25.76  -80.19 MIA
  toronto        CA NA ON  43.65  -79.38 YYZ
  los-angeles    US NA CA  34.05 -118.24 LAX
  san-francisco  US NA CA  37.77 -122.42 SFO
  seattle        US NA WA  47.61 -122.33 SEA
  dallas         US NA TX  32.78  -96.80 DFW
  denver         US NA CO  39.74 -104.99 DEN
  vancouver      CA NA BC  49.28 -123.12 YVR
  mexico-city    MX NA -   19.43  -99.13 MEX
  bogota         CO SA -    4.71  -74.07 BOG
  lima           PE SA -  -12.05  -77.04 LIM
  sao-paulo      BR SA -  -23.55  -46.63 GRU
  buenos-aires   AR SA -  -34.60  -58.38 EZE
  santiago       CL SA -  -33.45  -70.67 SCL
  lagos          NG AF -    6.52    3.38 LOS
  cairo          EG AF -   30.04   31.24 CAI
  nairobi        KE AF -   -1.29   36.82 NBO
  johannesburg   ZA AF -  -26.20   28.05 JNB
  mumbai         IN AS -   19.08   72.88 BOM
  delhi          IN AS -   28.61   77.21 DEL
  karachi        PK AS -   24.86   67.00 KHI
  singapore      SG AS -    1.29  103.85 SIN
  jakarta        ID AS -   -6.21  106.85 CGK
  bangkok        TH AS -   13.76  100.50 BKK
  manila         PH AS -   14.60  120.98 MNL
  tokyo          JP AS -   35.68  139.65 NRT
  seoul          KR AS -   37.57  126.98 ICN
  hong-kong      HK AS -   22.32  114.17 HKG
  taipei         TW AS -   25.03  121.57 TPE
  sydney         AU OC -  -33.87  151.21 SYD
  auckland       NZ OC -  -36.85  174.76 AKL`;

export const CITIES: readonly City[] = TABLE.trim()
  .split("\n")
  .map((line) => {
    const [name = "", country = "", continent = "", part = "", latitude, longitude, colo = ""] = line
      .trim()
      .split(/\s+/);
    const subdivision = part === "-" ? null : part;
    return {
      ...{ name, country, continent, subdivision, colo },
      ...{ latitude: Number(latitude), longitude: Number(longitude) },
    };
  });

/** Members of the European Union, as of 2026. */
export const EUROPEAN_UNION: ReadonlySet<string> = new Set(
  "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split(" "),
);
