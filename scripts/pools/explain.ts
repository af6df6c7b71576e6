/**
 * `explain URL`: where would a request go, and why?
 * @module
 */
import { parseArgs } from "node:util";
import { parseAddress } from "../../src/core/steering/address-range.ts";
import { explainAnswerSchema, isServed } from "../lib/explain/answer.ts";
import { explanationLines } from "../lib/explain/lines.ts";
import { UsageError } from "../lib/options.ts";
import { paintFor } from "../lib/terminal/paint.ts";
import { adminClient, BALANCER_HELP, BALANCER_OPTIONS } from "./balancer-options.ts";
import { type Command, EXIT } from "./command.ts";
import { CLIENT_HELP, CLIENT_OPTIONS, cfOf } from "./explained-client.ts";

const OPTIONS = {
  ...BALANCER_OPTIONS,
  method: { type: "string", short: "X", default: "GET" },
  "client-ip": { type: "string", default: "" },
  header: { type: "string", short: "H", multiple: true, default: [] as string[] },
  cookie: { type: "string", multiple: true, default: [] as string[] },
  ...CLIENT_OPTIONS,
  json: { type: "boolean", default: false },
} as const;

const TOKEN = /^[\w!#$%&'*+.^`|~-]{1,20}$/;

export const explain: Command = {
  usage:
    "explain URL [--method M] [--client-ip IP] [--country CC] [--from LAT,LON] [--header 'NAME: VALUE'] [--json]",
  does: "tell where a request to URL would go, and why; exit code 1 if nowhere",
  options: `  URL          of the request, as its client writes it; /path alone: at the balancer itself
  --method M, -X M
               default: GET
  --client-ip IP
               client's address, for what goes by it: split routes, sticky by ip, hash_key client_ip
  --header H, -H H
               'NAME: VALUE', may be repeated; a session's is 'Cookie: ...'
  --cookie NAME=VALUE
               a cookie, may be repeated
${CLIENT_HELP}
  --json       print the API's answer
${BALANCER_HELP}`,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    const [text, ...rest] = positionals;
    if (text === undefined || rest.length > 0) throw new UsageError("explain takes one URL");
    const client = adminClient(values);
    if (!TOKEN.test(values.method)) throw notOfForm("--method", values.method, "a method, such as GET");
    if (values["client-ip"] !== "" && parseAddress(values["client-ip"]) === null)
      throw notOfForm("--client-ip", values["client-ip"], "an IP address");
    const request = {
      url: urlOf(text, client.base),
      method: values.method.toUpperCase(),
      client_ip: values["client-ip"],
      headers: headersOf(values),
      cf: cfOf(values),
    };
    const answer = await client.ask("/explain", explainAnswerSchema, { method: "POST", body: request });
    const lines = explanationLines(request, answer, paintFor(process.stdout), Date.now());
    console.log(values.json ? JSON.stringify(answer, null, 2) : lines.join("\n"));
    return isServed(answer) ? EXIT.ok : EXIT.no;
  },
};

function urlOf(text: string, base: string): string {
  const url = text.startsWith("/") ? URL.parse(text, base) : URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${JSON.stringify(text)} is no URL, such as https://www.example.com/cart`);
  }
  return url.href;
}

/** A name that is there twice is one field to the balancer: its values in one line (RFC 9110, 5.3), cookies too. */
function headersOf({ header, cookie }: { header: string[]; cookie: string[] }): Record<string, string> {
  const wrong = cookie.find((each) => !each.includes("="));
  if (wrong !== undefined) throw notOfForm("--cookie", wrong, "of the form NAME=VALUE");
  const headers: Record<string, string> = {};
  for (const [name, value] of [...header.map(headerOf), ...cookie.map((each) => ["cookie", each] as const)]) {
    const before = Object.hasOwn(headers, name) ? `${headers[name]}${name === "cookie" ? "; " : ", "}` : "";
    headers[name] = before + value;
  }
  return headers;
}

function headerOf(line: string): [name: string, value: string] {
  const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(line) ?? [];
  if (name === undefined || value === undefined)
    throw notOfForm("--header", line, "of the form 'NAME: VALUE'");
  return [name.toLowerCase(), value];
}

function notOfForm(option: string, value: string, form: string): UsageError {
  return new UsageError(`${option}: ${JSON.stringify(value)} is not ${form}`);
}
