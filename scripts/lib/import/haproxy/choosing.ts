/**
 * How a backend chooses a server: `balance`, `hash-type`, `cookie`, `stick`.
 * @module
 */

import { poolSchema } from "../../../../src/config/schema.ts";
import { ownValue } from "../../../../src/core/own-value.ts";
import type { Findings } from "../findings.ts";
import { clamp } from "../numbers.ts";
import type { PoolDocument } from "../result.ts";
import { type Line, lastLine, linesWith, type ProxySection, written } from "./sections.ts";
import type { Server } from "./servers.ts";
import { requireCount, requireSeconds } from "./values.ts";

export type Choosing = Pick<PoolDocument, "algorithm" | "hash_key" | "hash_balance_factor" | "sticky">;

/** 400 days, the longest a browser keeps a cookie. */
const MAX_TTL = 34_560_000;

/** @param isWeighted true if weights differ */
export function choosingOf(
  proxy: ProxySection,
  servers: readonly Server[],
  isWeighted: boolean,
  findings: Findings,
): Choosing {
  const line = lastLine(proxy, "balance");
  const algorithm = line === null ? {} : algorithmOf(line, proxy, findings);
  const plain =
    algorithm.algorithm === undefined && isWeighted ? { algorithm: "weighted_round_robin" as const } : {};
  return { ...algorithm, ...plain, ...stickyOf(proxy, servers, findings) };
}

function algorithmOf(line: Line, proxy: ProxySection, findings: Findings): Choosing {
  const [, word = "", ...rest] = line.words;
  const [, name = "", argument = ""] = /^([\w-]+)(?:\((.*)\))?$/.exec(word) ?? [];
  const key = name === "hash" ? sampleKey(rest.join(" ")) : keyOf(name, argument, rest);
  if (key !== null) return hashed(key, line, proxy, findings);
  switch (name) {
    case "roundrobin":
    case "static-rr":
      return {};
    case "leastconn":
      return { algorithm: "least_connections" };
    case "first":
      return { algorithm: "first" };
    case "random":
      return { algorithm: argument === "1" ? "random" : "p2c" };
    default:
      findings.todo(line.at, `${written(line)}: is not known here; origins are chosen by turns`);
      return {};
  }
}

/** A hash key, and what about it is not the same, or null. */
interface Key {
  readonly key: string;
  readonly why: string | null;
}

const NO_KEY: Key = {
  key: "client_ip",
  why: "has no counterpart as a key; the client's address is the key",
};

/** null: `name` does not hash. */
function keyOf(name: string, argument: string, rest: readonly string[]): Key | null {
  const unless = (isSame: boolean, why: string) => (isSame ? null : why);
  switch (name) {
    case "source":
      return { key: "client_ip", why: null };
    case "uri": {
      const isPath = rest.every((word) => word === "path-only");
      return { key: "path", why: unless(isPath, "the whole path is the key, and nothing else") };
    }
    case "url_param": {
      const why = unless(!rest.includes("check_post"), "bodies are not looked at");
      return { key: `query:${rest[0] ?? ""}`, why };
    }
    case "hdr":
      return {
        key: `header:${argument.toLowerCase()}`,
        why: unless(rest.length === 0, "the whole value is the key"),
      };
    default:
      return null;
  }
}

/** `balance hash EXPRESSION` */
function sampleKey(expression: string): Key {
  const [, name = "", argument = "", converters] =
    /^(?:req\.)?([\w.]+)(?:\(([^)]*)\))?(,.*)?$/.exec(expression) ?? [];
  const fields: Readonly<Record<string, string>> = {
    src: "client_ip",
    path: "path",
    hdr: `header:${argument.toLowerCase()}`,
    cook: `cookie:${argument}`,
    url_param: `query:${argument}`,
    urlp: `query:${argument}`,
  };
  const why = converters === undefined ? null : `what ${converters.slice(1)} does to the key is left out`;
  const key = ownValue(fields, name);
  return key === undefined ? NO_KEY : { key, why };
}

function hashed(wanted: Key, line: Line, proxy: ProxySection, findings: Findings): Choosing {
  const { key, why } = poolSchema.shape.hash_key.safeParse(wanted.key).success ? wanted : NO_KEY;
  const say = (message: string) => findings.changed(line.at, `${written(line)}: ${message}`);
  if (lastLine(proxy, "hash-type")?.words[1] !== "consistent")
    say("becomes consistent, so that fewer keys move when servers change");
  if (why !== null) say(why);
  const factor = lastLine(proxy, "hash-balance-factor");
  const bound = factor === null ? 0 : requireCount(factor, factor.words[1] ?? "", "hash-balance-factor");
  return {
    algorithm: "consistent_hash",
    // client_ip is the default.
    ...(key === "client_ip" ? {} : { hash_key: key }),
    ...(bound >= 100 ? { hash_balance_factor: Math.min(bound, 1_000) } : {}),
  };
}

function stickyOf(
  proxy: ProxySection,
  servers: readonly Server[],
  findings: Findings,
): Pick<Choosing, "sticky"> {
  const line = lastLine(proxy, "cookie");
  const byTable = stickTables(proxy, findings);
  if (line === null) return byTable;
  const [, name = "", ...words] = line.words;
  if (!words.includes("insert")) {
    findings.todo(
      line.at,
      `${written(line)}: sessions are kept by a cookie of this balancer's own: write "sticky" if you want that`,
    );
    return byTable;
  }
  if (!words.includes("dynamic") && !servers.some(({ settings }) => settings.has("cookie"))) {
    findings.leftOut(line.at, `${written(line)}: no server has a cookie value, so no session was kept`);
    return byTable;
  }
  const idle = valueAfter(words, "maxidle") ?? valueAfter(words, "maxlife");
  const lasts =
    idle === null
      ? "a session ended with the browser; here an hour after its last use"
      : "sessions begin anew";
  findings.changed(line.at, `${written(line)}: the cookie is HttpOnly, SameSite=Lax, Path=/; ${lasts}`);
  const ttl =
    idle === null ? {} : { ttl: clamp(Math.round(requireSeconds(line, idle, "maxidle", "s")), 1, MAX_TTL) };
  return { sticky: { method: "cookie", cookie_name: name, ...ttl } };
}

/** `stick on src`, which keeps a client at its server; other tables are named. */
function stickTables(proxy: ProxySection, findings: Findings): Pick<Choosing, "sticky"> {
  const table = lastLine(proxy, "stick-table");
  const sticks = linesWith(proxy, "stick");
  const [first] = sticks;
  const isByAddress = sticks.length === 1 && /^stick on src$/.test(first === undefined ? "" : written(first));
  for (const line of [...sticks, ...(table === null ? [] : [table])]) {
    if (isByAddress)
      findings.changed(line.at, `${written(line)}: the client's address chooses the origin, without a table`);
    else findings.todo(line.at, `${written(line)}: nothing is kept in tables here: see what goes by it`);
  }
  if (!isByAddress || table === null) return {};
  const expire = valueAfter(table.words, "expire");
  const ttl =
    expire === null ? {} : { ttl: clamp(Math.round(requireSeconds(table, expire, "expire")), 1, MAX_TTL) };
  return { sticky: { method: "ip", ...ttl } };
}

function valueAfter(words: readonly string[], name: string): string | null {
  const index = words.indexOf(name);
  return index < 0 ? null : (words[index + 1] ?? null);
}
