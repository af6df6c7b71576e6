/**
 * Health checks: `check` on servers, `option httpchk`, `http-check`.
 * @module
 */
import { healthCheckSchema } from "../../../../src/config/health-schema.ts";
import { parseStatusCodes } from "../../../../src/config/status-codes.ts";
import type { Findings } from "../findings.ts";
import { clamp } from "../numbers.ts";
import type { HealthCheckDocument } from "../result.ts";
import { type Line, lastLine, linesWith, type ProxySection, written } from "./sections.ts";
import type { Server } from "./servers.ts";
import { requireCount, requireSeconds } from "./values.ts";

/** What HAProxy takes if nothing is said (manual, 5.2). */
const DEFAULTS = { inter: "2s", rise: "2", fall: "3" };
const STATUSES = Array.from({ length: 500 }, (_, index) => 100 + index);
const SAME_FOR_ALL = ["inter", "rise", "fall", "port"] as const;
const OTHER_CHECKS =
  /^(smtpchk|mysql-check|pgsql-check|redis-check|ldap-check|spop-check|external-check|ssl-hello-chk)$/;

/** The check of a pool; null: no server is checked. */
export function healthCheckOf(
  proxy: ProxySection,
  servers: readonly Server[],
  findings: Findings,
): HealthCheckDocument | null {
  const checked = servers.filter(({ settings }) => settings.has("check") && !settings.has("disabled"));
  const [first] = checked;
  if (first === undefined) return null;
  if (checked.length < servers.filter(({ settings }) => !settings.has("disabled")).length) {
    findings.changed(
      proxy.at,
      `backend ${proxy.name}: only some of its servers had check; all are checked here`,
    );
  }
  for (const name of SAME_FOR_ALL) {
    if (checked.every(({ settings }) => settings.get(name) === first.settings.get(name))) continue;
    findings.changed(
      first.line.at,
      `${name} is the pool's: that of server ${first.name} is for all of ${proxy.name}`,
    );
  }
  const value = (name: keyof typeof DEFAULTS) => first.settings.get(name) ?? DEFAULTS[name];
  const interval = requireSeconds(first.line, value("inter"), "inter");
  const timeout = lastLine(proxy, "timeout", "check");
  const limit =
    timeout === null ? interval : requireSeconds(timeout, timeout.words[2] ?? "", "timeout check");
  const port = first.settings.get("port");
  return {
    ...probeOf(proxy, findings),
    interval: clamp(interval, 0.5, 3_600),
    timeout: clamp(limit, 0.1, 60),
    healthy_threshold: clamp(requireCount(first.line, value("rise"), "rise"), 1, 100),
    unhealthy_threshold: clamp(requireCount(first.line, value("fall"), "fall"), 1, 100),
    ...(port === undefined ? {} : { port: requireCount(first.line, port, "port") }),
  };
}

/** By HTTP if that is the last option that says how. */
function probeOf(proxy: ProxySection, findings: Findings): HealthCheckDocument {
  const kind = proxy.lines.findLast(({ words: [first, name = ""] }) => first === "option" && isCheck(name));
  const name = kind?.words[1] ?? "";
  if (kind !== undefined && OTHER_CHECKS.test(name)) {
    findings.todo(kind.at, `${written(kind)}: probes open a connection only here, or ask by HTTP`);
  }
  for (const line of linesWith(proxy, "tcp-check")) {
    findings.todo(line.at, `${written(line)}: probes open a connection only here, or ask by HTTP`);
  }
  const isHttp = kind !== undefined && name === "httpchk" && lastLine(proxy, "option", "httpchk") !== null;
  return isHttp ? httpProbe(kind, proxy, findings) : { type: "tcp" };
}

function isCheck(name: string): boolean {
  return name === "httpchk" || name === "tcp-check" || OTHER_CHECKS.test(name);
}

interface Asked {
  method: string;
  path: string;
  headers: Record<string, string>;
}

function httpProbe(option: Line, proxy: ProxySection, findings: Findings): HealthCheckDocument {
  const asked = askedBy(option);
  let expected: HealthCheckDocument = { expected_codes: "2xx,3xx" };
  for (const line of linesWith(proxy, "http-check")) {
    const [, what = "", ...rest] = line.words;
    if (what === "send") applySend(asked, rest, line, findings);
    else if (what === "expect") expected = { ...expected, ...expectedBy(rest, line, findings) };
    else if (what === "disable-on-404")
      findings.changed(line.at, `${written(line)}: an answer 404 fails the check here`);
    else if (what !== "send-state" && what !== "comment")
      findings.todo(line.at, `${written(line)}: a probe here cannot do this`);
  }
  const { host, ...headers } = asked.headers;
  if (host !== undefined)
    findings.changed(option.at, `the check's Host ${host}: probes name the origin's own host`);
  const probe = {
    ...(asked.method === "GET" ? {} : { method: asked.method }),
    ...(asked.path === "/" ? {} : { path: asked.path }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...expected,
  };
  const parsed = healthCheckSchema.safeParse(probe);
  if (parsed.success) return probe as HealthCheckDocument;
  findings.todo(option.at, `${written(option)}: a probe here cannot ask so; it asks for /`);
  return { expected_codes: "2xx,3xx" };
}

/** `option httpchk [[METHOD] URI [VERSION]]`; headers once stood behind the version. */
function askedBy({ words: [, , ...words] }: Line): Asked {
  const [first, second, ...version] = words;
  const [method, uri] = second === undefined ? ["OPTIONS", first ?? "/"] : [first ?? "", second];
  const lines = version
    .join(" ")
    .split(/\\r\\n|\r\n/)
    .slice(1);
  const headers = lines.flatMap((line) => {
    const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name.toLowerCase(), value ?? ""] as const];
  });
  return { method, path: uri === "*" ? "/" : uri, headers: Object.fromEntries(headers) };
}

function applySend(asked: Asked, words: readonly string[], line: Line, findings: Findings): void {
  for (let at = 0; at < words.length; at += 2) {
    const [word, value = ""] = [words[at], words[at + 1]];
    if (word === "meth") asked.method = value;
    else if (word === "uri") asked.path = value;
    else if (word === "hdr") {
      asked.headers[value.toLowerCase()] = words[at + 2] ?? "";
      at++;
    } else if (word !== "ver" && word !== "comment")
      findings.todo(line.at, `${word} ${value}: probes have no body here`);
  }
}

/** Words of `expect` that say how, and not what. */
const OF_MANNER = /^(min-recv|comment|ok-status|error-status|tout-status|on-success|on-error|status-code)$/;

function expectedBy(words: readonly string[], line: Line, findings: Findings): HealthCheckDocument {
  let rest = [...words];
  while (OF_MANNER.test(rest[0] ?? "")) rest = rest.slice(2);
  const isNegated = rest[0]?.startsWith("!") === true;
  const [what = "", pattern = ""] = isNegated
    ? [rest[0]?.slice(1), ...rest.slice(1)].filter((word) => word !== "")
    : rest;
  const codes = codesOf(what, pattern, isNegated);
  const isPlain = what === "string" || (what === "rstring" && !/[\\^$.|?*+()[\]{}]/.test(pattern));
  const found =
    codes !== null ? { expected_codes: codes } : isPlain && !isNegated ? { expected_body: pattern } : null;
  if (found !== null && healthCheckSchema.safeParse(found).success) return found;
  findings.todo(line.at, `${written(line)}: a health check here cannot ask for this`);
  return {};
}

/** The statuses that pass, as ranges; null: it is not about these. */
function codesOf(what: string, pattern: string, isNegated: boolean): string | null {
  const isMet =
    what === "status" ? parseStatusCodes(pattern) : what === "rstatus" ? regexTest(pattern) : null;
  if (isMet === null) return null;
  if (what === "status" && !isNegated) return pattern;
  const passing = STATUSES.filter((status) => isMet(status) !== isNegated);
  const starts = passing.filter((status) => !passing.includes(status - 1));
  const ends = passing.filter((status) => !passing.includes(status + 1));
  return starts
    .map((start, index) => (start === ends[index] ? `${start}` : `${start}-${ends[index]}`))
    .join(",");
}

function regexTest(pattern: string): ((status: number) => boolean) | null {
  try {
    const regex = new RegExp(pattern);
    return (status) => regex.test(String(status));
  } catch {
    return null;
  }
}
