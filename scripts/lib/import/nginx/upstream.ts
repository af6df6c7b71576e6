/**
 * An `upstream` block: its servers and how one is chosen (ngx_http_upstream_module).
 * @module
 */
import { ownValue } from "../../../../src/core/own-value.ts";
import type { Findings } from "../findings.ts";
import type { Address } from "../origin-url.ts";
import { ImportError } from "../result.ts";
import { algorithmOf, type Choosing, stickyOf } from "./choosing.ts";
import type { Directive } from "./parser.ts";
import { parameterOf, requireCount, requireSeconds } from "./values.ts";

export interface UpstreamServer {
  readonly at: string;
  /** As it is written. */
  readonly text: string;
  /** null: a socket file, which nothing but the same machine can reach. */
  readonly address: Address | null;
  weight: number;
  /** 0: no limit. */
  maxConns: number;
  /** null: not said; nginx takes 1. 0: never counted as down. */
  maxFails: number | null;
  /** Seconds; null: not said; nginx takes 10. */
  failTimeout: number | null;
  /** Seconds. */
  slowStart: number;
  backup: boolean;
  down: boolean;
  /** True: its name looks like that of an upstream that is in no file. */
  readonly isMissing?: boolean;
}

export interface Upstream extends Choosing {
  readonly name: string;
  readonly at: string;
  readonly servers: readonly UpstreamServer[];
}

/** Connections and memory are the runtime's business. */
const NOT_NEEDED: ReadonlySet<string> = new Set([
  "keepalive",
  "keepalive_requests",
  "keepalive_time",
  "keepalive_timeout",
  "resolver",
  "resolver_timeout",
  "zone",
]);

const LOST: Readonly<Record<string, string>> = {
  ntlm: "connections are not bound to a client",
  queue: "a request that finds no origin is answered at once",
  state: "the servers in that file are not read: write them by hand",
};
const UNKNOWN = "is not known here: see whether it decides which server gets a request";

/** @throws ImportError for what nginx would refuse */
export function upstreamOf(block: Directive, findings: Findings): Upstream {
  const [name, ...rest] = block.args;
  if (name === undefined || rest.length > 0) throw new ImportError(`${block.at}: upstream takes one name`);
  const servers: UpstreamServer[] = [];
  let choosing: Choosing = {};
  for (const directive of block.block ?? []) {
    if (directive.name === "server") servers.push(serverOf(directive, findings));
    else if (directive.name === "sticky") choosing = { ...choosing, ...stickyOf(directive, findings) };
    else if (!NOT_NEEDED.has(directive.name)) {
      const algorithm = algorithmOf(directive, findings);
      if (algorithm !== null) choosing = { ...choosing, ...algorithm };
      else findings.todo(directive.at, `${directive.name}: ${ownValue(LOST, directive.name) ?? UNKNOWN}`);
    }
  }
  return { name, at: block.at, servers, ...choosing };
}

function serverOf(directive: Directive, findings: Findings): UpstreamServer {
  const [text, ...parameters] = directive.args;
  if (text === undefined) throw new ImportError(`${directive.at}: server takes an address`);
  // 80 even where requests are passed on by https.
  const server = plainServer(text, directive, 80);
  for (const parameter of parameters) applyParameter(server, parameter, directive, findings);
  return server;
}

/**
 * A server with everything else as nginx has it by default.
 * @param port if `text` names none
 */
export function plainServer(text: string, directive: Directive, port: number): UpstreamServer {
  return {
    at: directive.at,
    text,
    address: addressOf(text, directive, port),
    weight: 1,
    maxConns: 0,
    maxFails: null,
    failTimeout: null,
    slowStart: 0,
    backup: false,
    down: false,
  };
}

function applyParameter(
  server: UpstreamServer,
  parameter: string,
  directive: Directive,
  findings: Findings,
): void {
  const [name, value] = parameterOf(parameter);
  const count = () => requireCount(directive, value ?? "", name);
  const seconds = () => requireSeconds(directive, value ?? "", name);
  if (name === "weight") server.weight = count();
  else if (name === "max_conns") server.maxConns = count();
  else if (name === "max_fails") server.maxFails = count();
  else if (name === "fail_timeout") server.failTimeout = seconds();
  else if (name === "slow_start") server.slowStart = seconds();
  else if (name === "backup") server.backup = true;
  else if (name === "down") server.down = true;
  // Names are resolved anew by the runtime anyway.
  else if (name !== "resolve")
    findings.todo(
      server.at,
      `${parameter}: is not known here: see whether it decides which server gets a request`,
    );
}

/** @throws ImportError if it is no address */
function addressOf(text: string, { at }: Directive, ownPort: number): Address | null {
  if (text.startsWith("unix:")) return null;
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]/$\s]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? ownPort : Number(match[3]);
  if (host !== undefined && port > 0 && port <= 65_535) return { host, port };
  throw new ImportError(`${at}: ${JSON.stringify(text)} is not an address`);
}
