/**
 * Which servers of the files a client on the Internet reaches, and by which hosts: a Worker has no ports but those of http
 * and https.
 * @module
 */
import { routeSchema } from "../../../../src/config/routes-schema.ts";
import type { Findings } from "../findings.ts";
import type { Directive } from "./parser.ts";
import { type Scope, scopeIn } from "./scope.ts";

interface Listen {
  readonly port: number;
  readonly isTls: boolean;
  readonly isDefault: boolean;
}

/** A `server` block. */
export interface Server {
  readonly block: readonly Directive[];
  readonly scope: Scope;
  readonly at: string;
  /** `server www.example.com` */
  readonly label: string;
  readonly names: readonly string[];
  /** Without those that only the machine itself reaches. */
  readonly listens: readonly Listen[];
}

/** A server, and the hosts that it has in the result; null: every host that no other has. */
export interface ReachedServer {
  readonly server: Server;
  readonly hosts: readonly (string | null)[];
  readonly isHttpOnly: boolean;
}

export function serverOf(directive: Directive, outer: Scope): Server {
  const block = directive.block ?? [];
  const names = block.filter(({ name }) => name === "server_name").flatMap(({ args }) => args);
  const listens = block.filter(({ name }) => name === "listen").map(({ args }) => listenOf(args, block));
  return {
    block,
    scope: scopeIn(block, outer),
    at: directive.at,
    label: `server ${names.join(" ") || "without a name"}`,
    names,
    listens: (listens.length === 0 ? [PLAIN] : listens).filter((listen) => listen !== null),
  };
}

const PLAIN: Listen = { port: 80, isTls: false, isDefault: false };

/** null: only the machine itself reaches it. */
function listenOf([place = "", ...words]: readonly string[], block: readonly Directive[]): Listen | null {
  if (/^(unix:|127\.|localhost(:|$)|\[::1\])/.test(place)) return null;
  const port = /^\d+$/.test(place) ? place : /:(\d+)$/.exec(place)?.[1];
  const isOldTls = block.some(({ name, args }) => name === "ssl" && args[0] === "on");
  return {
    port: Number(port ?? 80),
    isTls: isOldTls || words.includes("ssl") || words.includes("quic"),
    isDefault: words.includes("default_server") || words.includes("default"),
  };
}

/**
 * The servers of one port by https and of one by http, 443 and 80 if there are such, https first: a host that has both is
 * served as by https. The others are reported.
 * @param isWhole false: the files are a part of a configuration, which may have other servers
 */
export function reachedServers(
  servers: readonly Server[],
  isWhole: boolean,
  findings: Findings,
): ReachedServer[] {
  const ports = portsTaken(servers);
  const taken = new Map<string | null, Server>();
  const reached: ReachedServer[] = [];
  for (const port of ports) {
    const there = servers.filter(({ listens }) => listens.some((listen) => listen.port === port));
    const standard = defaultOf(there, port);
    for (const server of there) {
      const own = hostsOf(server, server === standard, findings);
      const hosts = own.filter((host) => !taken.has(host));
      for (const host of hosts) taken.set(host, server);
      if (hosts.length > 0) reached.push({ server, hosts, isHttpOnly: !isTlsAt(server, ports) });
      const hidden = own.filter((host) => taken.get(host) !== server);
      if (hidden.length > 0) reportHidden(server, port, hidden, findings);
      if (server === standard && hosts.includes(null)) reportDefault(server, port, isWhole, findings);
    }
  }
  for (const server of servers) if (!isAt(server, ports)) reportUnreached(server, ports, findings);
  return reached;
}

function portsTaken(servers: readonly Server[]): number[] {
  const listens = servers.flatMap((server) => server.listens);
  const has = (port: number) => listens.some((listen) => listen.port === port);
  const standard = [443, 80].filter(has);
  const [first] = listens;
  return standard.length > 0 || first === undefined ? standard : [first.port];
}

function isAt({ listens }: Server, ports: readonly number[]): boolean {
  return listens.some(({ port }) => ports.includes(port));
}

function isTlsAt({ listens }: Server, ports: readonly number[]): boolean {
  return listens.some(({ port, isTls }) => ports.includes(port) && (isTls || port === 443));
}

/** The one that says so, else the first. */
function defaultOf(servers: readonly Server[], port: number): Server | undefined {
  const saying = servers.find(({ listens }) => listens.some((each) => each.port === port && each.isDefault));
  return saying ?? servers[0];
}

function hostsOf(server: Server, isDefault: boolean, findings: Findings): (string | null)[] {
  const at = server.block.find(({ name }) => name === "server_name")?.at ?? server.at;
  const hosts: (string | null)[] = [];
  for (const name of server.names.map((each) => each.toLowerCase())) {
    // These never match a host: they are there for the default server.
    if (name === "" || name === "_") continue;
    if (name.startsWith(".")) hosts.push(name.slice(1), `*${name}`);
    else if (routeSchema.shape.host.safeParse(name).success) hosts.push(name);
    else {
      const message = `server_name ${name}: a route's host is exact or *.NAME; such requests now go where all other hosts go`;
      findings.todo(at, message);
    }
  }
  return isDefault ? [...hosts, null] : hosts;
}

function reportDefault(server: Server, port: number, isWhole: boolean, findings: Findings): void {
  if (server.listens.some((listen) => listen.port === port && listen.isDefault)) return;
  if (server.names.every((name) => name === "" || name === "_")) return;
  const message = `${server.label}: is the first one of port ${port}, and so gets every host that no other has`;
  if (isWhole) findings.changed(server.at, message);
  else findings.todo(server.at, `${message}: if another file has the default server, give it as well`);
}

/** Another server of https, or before it, has these hosts. */
function reportHidden(
  server: Server,
  port: number,
  hosts: readonly (string | null)[],
  findings: Findings,
): void {
  const passes = proxied(server.block);
  const what = passes.length === 0 ? "" : `, and its ${passes.join(", ")} with it`;
  const names = hosts.map((host) => host ?? "other hosts").join(", ");
  const message = `${server.label}: is left out for ${names} at port ${port}, which another server has${what}`;
  findings.todo(server.at, `${message}. If it sent clients to https, turn on Always Use HTTPS for the zone`);
}

function reportUnreached(server: Server, ports: readonly number[], findings: Findings): void {
  const own = [...new Set(server.listens.map(({ port }) => port))];
  const where =
    own.length === 0
      ? "only the machine itself reaches it"
      : `it listens at port ${own.join(", ")}, not at ${ports.join(" or ")}`;
  const passes = proxied(server.block);
  const what = passes.length === 0 ? "" : `, with ${passes.join(", ")}`;
  findings.todo(server.at, `${server.label}: stays closed${what}: ${where}`);
}

/** `location /pub/` of each place that passes requests on. */
function proxied(block: readonly Directive[]): string[] {
  return block.flatMap(({ name, args, block: inner }) => {
    if (name !== "location") return [];
    const passes = inner?.some((each) => each.name === "proxy_pass") === true;
    return [...(passes ? [`location ${args.join(" ")}`] : []), ...proxied(inner ?? [])];
  });
}
