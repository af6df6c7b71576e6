/**
 * A backend as a pool.
 * @module
 */
import { ownValue } from "../../../../src/core/own-value.ts";
import type { Findings } from "../findings.ts";
import { UniqueIds } from "../names.ts";
import { clamp, largest, wholeWeights } from "../numbers.ts";
import { type ImportOptions, type OriginPlace, originPlace, socketPlace } from "../origin-url.ts";
import type { OriginDocument, PoolDocument } from "../result.ts";
import { healthCheckOf } from "./checks.ts";
import { choosingOf } from "./choosing.ts";
import { failoverOf } from "./retries.ts";
import { lastLine, type ProxySection } from "./sections.ts";
import type { Server } from "./servers.ts";
import { requireCount, requireSeconds } from "./values.ts";

const MAX_WEIGHT = 1_000;
const MAX_CONNECTIONS = 1_000_000;
/** HAProxy's own for `error-limit`. */
const ERROR_LIMIT = "10";

/** What is said of servers that have it. */
const SETTINGS: Readonly<Record<string, readonly [kind: "todo" | "changed", message: string]>> = {
  addr: ["todo", "health goes by probes of the origin itself here"],
  "agent-check": ["todo", "no agent sets weights and states here"],
  "ca-file": ["changed", "an origin's certificate is checked against public authorities"],
  crt: ["todo", "origins get no client certificate: use Cloudflare's authenticated origin pulls"],
  redir: ["todo", "clients were redirected to the server; here requests are passed on"],
  "send-proxy": ["todo", "the origin must not expect the PROXY protocol"],
  "send-proxy-v2": ["todo", "the origin must not expect the PROXY protocol"],
  socks4: ["todo", "origins are reached directly"],
  track: ["todo", "health goes by probes of the origin itself here"],
};

export function poolOf(
  proxy: ProxySection,
  servers: readonly Server[],
  options: ImportOptions,
  findings: Findings,
): PoolDocument {
  const origins = originsOf(servers, options, findings);
  const isWeighted = origins.some(({ weight }) => weight !== undefined);
  const healthCheck = healthCheckOf(proxy, servers, findings);
  const slowStart = slowStartOf(proxy, servers, findings);
  reportServers(proxy, servers, findings);
  return {
    ...choosingOf(proxy, servers, isWeighted, findings),
    origins,
    failover: failoverOf(proxy, findings),
    ...(healthCheck === null ? {} : { health_check: healthCheck }),
    ...observed(servers, findings),
    ...(slowStart > 0 ? { slow_start: clamp(slowStart, 0, 3_600) } : {}),
  };
}

function originsOf(servers: readonly Server[], options: ImportOptions, findings: Findings): OriginDocument[] {
  const ids = new UniqueIds();
  const weights = wholeWeights(
    servers.map(({ settings, line }) => requireCount(line, settings.get("weight") ?? "1", "weight")),
    MAX_WEIGHT,
  );
  return servers.map((server, index) => {
    const { settings, name, line } = server;
    const { url, reachable } = placeOf(server, options, findings);
    const weight = weights[index] ?? 1;
    const maxconn = requireCount(line, settings.get("maxconn") ?? "0", "maxconn");
    return {
      id: ids.take(name),
      url,
      ...(weight === 1 ? {} : { weight }),
      ...(maxconn > 0 ? { max_connections: clamp(maxconn, 1, MAX_CONNECTIONS) } : {}),
      ...(settings.has("backup") ? { backup: true } : {}),
      ...(settings.has("disabled") || !reachable ? { enabled: false } : {}),
    };
  });
}

function placeOf(
  { settings, address, text, name, line }: Server,
  options: ImportOptions,
  findings: Findings,
): OriginPlace {
  const scheme = options.scheme ?? (settings.has("ssl") ? "https" : "http");
  const found = { findings, at: `${line.at}: server ${name}` };
  if (address === null) return socketPlace(text, scheme, options, found);
  if (address.port === null) {
    findings.changed(
      found.at,
      `${text} names no port: it was the client's own; here it is that of ${scheme}`,
    );
  }
  return originPlace(address, scheme, options, found);
}

function slowStartOf(proxy: ProxySection, servers: readonly Server[], findings: Findings): number {
  const times = servers.map(({ settings, line }) =>
    requireSeconds(line, settings.get("slowstart") ?? "0", "slowstart"),
  );
  const longest = largest(times);
  if (times.some((time) => time !== longest)) {
    findings.changed(proxy.at, `slowstart is the pool's: ${longest} s for all of ${proxy.name}`);
  }
  return longest;
}

function reportServers(proxy: ProxySection, servers: readonly Server[], findings: Findings): void {
  for (const { settings, line, name } of servers) {
    for (const [setting, value] of settings) {
      const [kind, message] = ownValue(SETTINGS, setting) ?? [];
      const at = `${line.at}: server ${name}`;
      if (kind !== undefined && message !== undefined)
        findings[kind](at, `${`${setting} ${value}`.trim()}: ${message}`);
    }
    if (settings.get("verify") === "none" && settings.has("ssl")) {
      findings.todo(`${line.at}: server ${name}`, "verify none: an origin's certificate must be valid here");
    }
    if (line.words[0] === "server-template") {
      findings.changed(
        line.at,
        `server-template ${name}: becomes one origin; which of the name's addresses is asked is decided by DNS`,
      );
    }
  }
  if (servers.some(({ settings }) => settings.has("maxconn"))) {
    findings.changed(
      proxy.at,
      `maxconn in ${proxy.name}: requests above it do not wait in a queue: they go to another origin, or get 503`,
    );
  }
  const backups = servers.filter(({ settings }) => settings.has("backup"));
  if (backups.length > 1 && lastLine(proxy, "option", "allbackups") === null) {
    findings.changed(
      proxy.at,
      `backend ${proxy.name}: all backups share the requests, as with "option allbackups"`,
    );
  }
}

/** `observe layer7`, which marks a server down after failures of live traffic, as outlier detection. */
function observed(servers: readonly Server[], findings: Findings): Pick<PoolDocument, "outlier_detection"> {
  const first = servers.find(({ settings }) => settings.has("observe"));
  if (first === undefined) return {};
  const { settings, line, name } = first;
  const limit = requireCount(line, settings.get("error-limit") ?? ERROR_LIMIT, "error-limit");
  const action = settings.get("on-error") ?? "fail-check";
  const message = `${limit} failures in a row eject an origin for 30 s and more, whatever on-error says (${action})`;
  findings.changed(`${line.at}: server ${name}`, `observe ${settings.get("observe") ?? ""}: ${message}`);
  return { outlier_detection: { consecutive_failures: clamp(limit, 1, 1_000), failure_percent: 0 } };
}
