/**
 * Which section a client on the Internet reaches: a Worker has no ports but those of http and https.
 * @module
 */
import type { Findings } from "../findings.ts";
import { ImportError } from "../result.ts";
import { type Line, lastLine, linesWith, type ProxySection, written } from "./sections.ts";

interface Bind {
  readonly line: Line;
  readonly port: number;
  readonly isTls: boolean;
}

/** A section that takes requests, and at which port. */
export interface Reached {
  readonly proxy: ProxySection;
  readonly port: number;
  readonly isTls: boolean;
}

/** What needs no bind to be a proxy by HTTP: `tcp` is what HAProxy takes if nothing is said. */
export function isHttp(proxy: ProxySection): boolean {
  return lastLine(proxy, "mode")?.words[1] === "http";
}

/** Whether it was switched off. */
export function isDisabled({ lines }: ProxySection): boolean {
  return (
    lines.findLast(({ words }) => words[0] === "disabled" || words[0] === "enabled")?.words[0] === "disabled"
  );
}

/**
 * The section at port 443, else 80, else the first one that passes requests on; null: there is none by HTTP. What stays
 * closed is reported.
 */
export function reachedProxy(proxies: readonly ProxySection[], findings: Findings): Reached | null {
  const entrances = proxies.filter(({ kind }) => kind !== "backend");
  const open = entrances.filter((proxy) => {
    if (isDisabled(proxy))
      findings.todo(proxy.at, `${labelOf(proxy)}: was switched off; what came by it stays closed`);
    else if (!isHttp(proxy)) findings.todo(proxy.at, `${labelOf(proxy)}: ${whyTcp(proxy)}; it is left out`);
    return !isDisabled(proxy) && isHttp(proxy);
  });
  const all = open.flatMap((proxy) => bindsOf(proxy).map((bind) => ({ proxy, ...bind })));
  const at = (port: number) => all.find((each) => each.port === port);
  const found = at(443) ?? at(80) ?? all.find(({ proxy }) => passesOn(proxy)) ?? null;
  for (const proxy of open) if (proxy !== found?.proxy) reportUnreached(proxy, found, findings);
  if (found !== null) reportBinds(found, findings);
  return found;
}

export function labelOf({ kind, name }: ProxySection): string {
  return `${kind} ${name}`;
}

function whyTcp(proxy: ProxySection): string {
  const line = lastLine(proxy, "mode");
  const how =
    line === null ? 'no line says "mode http", so it is in mode tcp' : `it is in mode ${line.words[1] ?? ""}`;
  return `${how}, and only HTTP is balanced here`;
}

/** The reason why nothing can be imported, a line each; "" if the mode is not the reason. */
export function whyNone(proxies: readonly ProxySection[]): string {
  return proxies
    .filter((proxy) => !isHttp(proxy))
    .map((proxy) => `${proxy.at}: ${labelOf(proxy)}: ${whyTcp(proxy)}`)
    .join("\n");
}

function passesOn(proxy: ProxySection): boolean {
  const has = (keyword: string) => linesWith(proxy, keyword).length > 0;
  return ["use_backend", "default_backend", "server", "server-template"].some(has);
}

/** Without those that only the machine itself reaches. */
function bindsOf(proxy: ProxySection): Bind[] {
  return linesWith(proxy, "bind").flatMap((line) => {
    const [, places = "", ...words] = line.words;
    return places.split(",").flatMap((place) => {
      if (/^(unix@|uxst@|abns@|fd@|\/)/.test(place)) return [];
      if (/^(ipv[46]@|tcp[46]?@)?(127\.|localhost:|\[?::1\]?:\d+$)/.test(place)) return [];
      const [, first, last] = /:(\d+)(?:-(\d+))?$/.exec(place) ?? [];
      if (first === undefined) throw new ImportError(`${line.at}: ${JSON.stringify(place)} has no port`);
      const isTls = words.includes("ssl") || place.startsWith("quic");
      return portsFrom(Number(first), Number(last ?? first)).map((port) => ({ line, port, isTls }));
    });
  });
}

/** Of a range those that count, and its first one. */
function portsFrom(first: number, last: number): number[] {
  return [...new Set([first, ...[80, 443].filter((port) => port > first && port <= last)])];
}

function reportUnreached(proxy: ProxySection, found: Reached | null, findings: Findings): void {
  const ports = [...new Set(bindsOf(proxy).map(({ port }) => port))];
  const where =
    ports.length === 0 ? "only the machine itself reaches it" : `it listens at port ${ports.join(", ")}`;
  const instead = found === null ? "" : `; ${labelOf(found.proxy)} at port ${found.port} is what is imported`;
  const redirects = [
    ...linesWith(proxy, "redirect", "scheme", "https"),
    ...linesWith(proxy, "http-request", "redirect", "scheme", "https"),
  ];
  const advice =
    redirects.length === 0
      ? ""
      : ". It sent clients from http to https: turn on Always Use HTTPS for the zone";
  findings.todo(proxy.at, `${labelOf(proxy)}: stays closed: ${where}${instead}${advice}`);
}

/** What stands on the lines of the section that is taken. */
function reportBinds({ proxy, port }: Reached, findings: Findings): void {
  const binds = bindsOf(proxy);
  const others = [...new Set(binds.map((bind) => bind.port))].filter(
    (each) => each !== 443 && each !== 80 && each !== port,
  );
  if (others.length > 0) {
    const message = `${labelOf(proxy)}: also listened at port ${others.join(", ")}, by which no client comes here`;
    findings.todo(proxy.at, message);
  }
  for (const { line } of binds) {
    const verify = line.words.indexOf("verify");
    if (verify < 0 || line.words[verify + 1] === "none") continue;
    findings.todo(
      line.at,
      `${written(line)}: clients' certificates are not asked for here: use Cloudflare's mTLS`,
    );
  }
}
