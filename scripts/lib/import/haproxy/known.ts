/**
 * Lines that nothing is made of.
 * @module
 */
import { ownValue } from "../../../../src/core/own-value.ts";
import type { Findings } from "../findings.ts";
import { type Line, lastLine, linesWith, type ProxySection, written } from "./sections.ts";

/** Read elsewhere, or about what Cloudflare and the runtime do by themselves: connections, TLS, compression, logs, memory. */
const KNOWN =
  /^(acl|balance|bind|bind-process|backlog|capture|cli.+|compression|cookie|declare|default-server|default_backend|description|disabled|email-alert|enabled|fullconn|guid|hash-.+|http-(after-response|check|request|response|reuse)|id|log.*|max-.+|maxconn|mode|monitor-uri|no|default|option|persist|redirect|retries|retry-on|server|server-template|source|srv.+|stats|stick|stick-table|tcp-check|tcp-request|tcp-response|timeout|unique-id-.+|use_backend|errorfiles?|errorloc(302|303)?|http-error|error-log-format|load-server-state-from-file|server-state-file-name|external-check|monitor)$/;

const OPTIONS_SAID: Readonly<Record<string, string>> = {
  "accept-invalid-http-request": "requests that are not valid are refused",
  http_proxy: "clients do not choose where requests go here",
  originalto: "origins do not get the address that the client came to",
  transparent: "requests go to the origins of the pool only",
  "http-use-proxy-header": "is not done here",
};

const SAID: Readonly<Record<string, string>> = {
  dispatch: "requests go to the origins of the pool only: write it as a server",
  filter: "what it does is not done here: see whether requests get through by it only",
  "force-persist": "is not done here",
  "http-send-name-header": "write it as request_headers with {origin}",
  "ignore-persist": "is not done here",
  "rate-limit": "requests are not limited so here. Use Cloudflare's rate limiting rules",
  "use-fcgi-app": "origins are spoken to by HTTP only: the pool's origins must speak it",
  "use-server": "a route names a pool, not one of its origins: write a pool for it",
};

/** Says what in a section that is imported is not done here. */
export function reportOthers(proxy: ProxySection, findings: Findings): void {
  for (const line of proxy.lines) {
    const [keyword = "", name = ""] = line.words;
    const said = keyword === "option" ? ownValue(OPTIONS_SAID, name) : ownValue(SAID, keyword);
    if (said !== undefined) findings.todo(line.at, `${written(line)}: ${said}`);
    else if (!KNOWN.test(keyword)) {
      findings.todo(line.at, `${written(line)}: is not known here: see whether requests depend on it`);
    }
  }
  if (proxy.kind !== "backend") reportTables(proxy, findings);
  const pages = proxy.lines.filter(isErrorPage);
  for (const line of pages)
    findings.changed(
      line.at,
      `${written(line)}: this balancer's own answers are sent; a route's "unavailable" is for its 503`,
    );
  const limit = lastLine(proxy, "maxconn");
  if (limit !== null)
    findings.leftOut(limit.at, `${written(limit)}: connections of clients are Cloudflare's`);
}

function isErrorPage({ words: [keyword = ""] }: Line): boolean {
  return /^(errorfiles?|errorloc(302|303)?|http-error)$/.test(keyword);
}

/** Tables of a frontend only count; what goes by the counts is said of each condition. */
function reportTables(proxy: ProxySection, findings: Findings): void {
  for (const line of linesWith(proxy, "stick-table")) {
    findings.leftOut(line.at, `${written(line)}: nothing is counted here; what goes by it is said there`);
  }
}
