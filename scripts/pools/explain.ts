/**
 * `explain URL`: where would a request go, and why?
 * @module
 */
import { parseArgs } from "node:util";
import { type ExplainAnswer, explainAnswerSchema, explanationLines } from "../lib/explanation.ts";
import { UsageError } from "../lib/options.ts";
import { paintFor } from "../lib/terminal/paint.ts";
import { adminClient, BALANCER_HELP, BALANCER_OPTIONS } from "./balancer-options.ts";
import { type Command, EXIT } from "./command.ts";

const OPTIONS = {
  ...BALANCER_OPTIONS,
  method: { type: "string", short: "X", default: "GET" },
  "client-ip": { type: "string", default: "" },
  header: { type: "string", short: "H", multiple: true, default: [] as string[] },
  json: { type: "boolean", default: false },
} as const;

export const explain: Command = {
  usage: "explain URL [--method M] [--client-ip IP] [--header 'NAME: VALUE'] [--json]",
  does: "tell where a request to URL would go, and why; exit code 1 if nowhere",
  options: `  URL          of the request, as its client writes it; /path alone: at the balancer itself
  --method M, -X M
               default: GET
  --client-ip IP
               client's address, for what goes by it: split routes, sticky by ip, hash_key client_ip
  --header H, -H H
               'NAME: VALUE', may be repeated; a session's is 'Cookie: ...'
  --json       print the API's answer
${BALANCER_HELP}`,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    const [text, ...rest] = positionals;
    if (text === undefined || rest.length > 0) throw new UsageError("explain takes one URL");
    const client = adminClient(values);
    const request = {
      url: urlOf(text, client.base),
      method: values.method.toUpperCase(),
      client_ip: values["client-ip"],
      headers: Object.fromEntries(values.header.map(headerOf)),
    };
    const answer = await client.ask("/explain", explainAnswerSchema, { method: "POST", body: request });
    const lines = explanationLines(request, answer, paintFor(process.stdout));
    console.log(values.json ? JSON.stringify(answer, null, 2) : lines.join("\n"));
    return pickOf(answer) === null ? EXIT.no : EXIT.ok;
  },
};

function pickOf(answer: ExplainAnswer): unknown {
  return answer.route === null ? null : (answer.pick ?? answer.fallback?.pick ?? null);
}

function urlOf(text: string, base: string): string {
  const url = text.startsWith("/") ? URL.parse(text, base) : URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${JSON.stringify(text)} is no URL, such as https://www.example.com/cart`);
  }
  return url.href;
}

function headerOf(line: string): [name: string, value: string] {
  const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) {
    throw new UsageError(`--header: ${JSON.stringify(line)} is not of the form 'NAME: VALUE'`);
  }
  return [name.toLowerCase(), value];
}
