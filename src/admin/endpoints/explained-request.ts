/**
 * Reads a request that is to be explained, and gives routes and pools the properties that they use.
 * @module
 */
import * as z from "zod";
import { resolvePath } from "../../config/request-path.ts";
import type { WhereSource } from "../../config/routing.ts";
import type { SampleRequest } from "../../contract/explanation.ts";
import { parseAddress } from "../../core/steering/address-range.ts";
import { type ClientPlace, clientPlace, coloOf } from "../../core/steering/client-place.ts";

const textOrNumber = z.union([z.string(), z.number()]);

const cfSchema = z
  .looseObject({
    country: z.string().optional(),
    continent: z.string().optional(),
    regionCode: textOrNumber.optional().describe("State or province, without the country; `region_code` too"),
    isEUCountry: z.string().optional().describe('"1": in the European Union; `is_eu`: true or false'),
    latitude: textOrNumber.optional(),
    longitude: textOrNumber.optional(),
    asn: textOrNumber.optional(),
    colo: z.string().optional().describe("Data centre that the request comes to"),
  })
  .describe("What Cloudflare tells of the client (request.cf). Absent: nothing is known");

export const explainedSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "must be a http or https URL" }),
  method: z.string().min(1).max(20).default("GET"),
  client_ip: z.string().max(64).default("").describe("Empty: unknown"),
  headers: z.record(z.string(), z.string()).default({}),
  cf: cfSchema.optional(),
});

type Written = z.output<typeof explainedSchema>;

export interface ExplainedRequest {
  readonly host: string;
  readonly facts: SampleRequest;
  readonly asked: WhereSource;
  readonly client: ClientPlace & { readonly colo: string | null };
}

/**
 * The query as written, which a URL parser would change. Characters that a request line cannot hold are encoded as they
 * would be sent.
 */
const WRITTEN_QUERY = /^[^?#]*(\?[!"$-~]*)?(?:#|$)/;

export function explainedRequest({
  url: written,
  method,
  client_ip,
  headers,
  cf,
}: Written): ExplainedRequest {
  const url = new URL(written);
  const path = resolvePath(url.pathname);
  const query = WRITTEN_QUERY.exec(written);
  const facts: SampleRequest = {
    method,
    path,
    target: path + (query === null ? url.search : (query[1] ?? "")),
    client_ip,
    headers: {
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      host: url.host,
    },
  };
  const fields = fieldsOf(cf);
  const place = clientPlace(fields);
  const colo = coloOf(fields);
  const where = {
    method,
    address: parseAddress(client_ip),
    query: facts.target.slice(path.length + 1),
    header: (name: string) => (Object.hasOwn(facts.headers, name) ? (facts.headers[name] ?? null) : null),
    place,
    colo,
  };
  return { host: url.host, facts, asked: { where }, client: { ...place, colo } };
}

/** In the names and forms of `request.cf`. */
function fieldsOf(cf: Written["cf"]): unknown {
  if (cf === undefined) return null;
  const { regionCode = cf.region_code, isEUCountry = cf.is_eu === true ? "1" : undefined } = cf;
  return { ...cf, regionCode: typeof regionCode === "number" ? `${regionCode}` : regionCode, isEUCountry };
}
