/**
 * The servers of a backend, with what `default-server` gives them (manual, 5.2 "Server and default-server options").
 * @module
 */
import type { Address } from "../origin-url.ts";
import { ImportError } from "../result.ts";
import type { Line, ProxySection } from "./sections.ts";

/** Settings by name; those without a value have "". */
type Settings = ReadonlyMap<string, string>;

export interface Server {
  readonly line: Line;
  readonly name: string;
  /** As it is written. */
  readonly text: string;
  /** null: a socket file. */
  readonly address: Address | null;
  readonly settings: Settings;
}

const WITH_VALUE: ReadonlySet<string> = new Set([
  "addr",
  "agent-addr",
  "agent-inter",
  "agent-port",
  "agent-send",
  "alpn",
  "ca-file",
  "check-alpn",
  "check-proto",
  "check-sni",
  "ciphers",
  "ciphersuites",
  "cookie",
  "crl-file",
  "crt",
  "curves",
  "downinter",
  "error-limit",
  "fall",
  "fastinter",
  "guid",
  "hash-key",
  "id",
  "init-addr",
  "init-state",
  "inter",
  "interface",
  "log-bufsize",
  "log-proto",
  "max-reuse",
  "maxconn",
  "maxqueue",
  "minconn",
  "namespace",
  "npn",
  "observe",
  "on-error",
  "on-marked-down",
  "on-marked-up",
  "pool-low-conn",
  "pool-max-conn",
  "pool-purge-delay",
  "port",
  "proto",
  "proxy-v2-options",
  "redir",
  "resolve-net",
  "resolve-opts",
  "resolve-prefer",
  "resolvers",
  "rise",
  "set-proxy-v2-tlv-fmt",
  "shard",
  "sigalgs",
  "slowstart",
  "sni",
  "socks4",
  "source",
  "ssl-max-ver",
  "ssl-min-ver",
  "tcp-ut",
  "track",
  "usesrc",
  "verify",
  "verifyhost",
  "weight",
  "ws",
]);

const NONE: Settings = new Map();

/** @throws ImportError for what HAProxy would refuse */
export function serversOf({ lines }: ProxySection): Server[] {
  const servers: Server[] = [];
  let defaults = NONE;
  for (const line of lines) {
    const [keyword, ...words] = line.words;
    if (keyword === "default-server") defaults = settingsOf(words, line, defaults);
    else if (keyword === "server") servers.push(serverOf(line, words, defaults));
    else if (keyword === "server-template") servers.push(templateOf(line, words, defaults));
  }
  return servers;
}

function serverOf(line: Line, [name, text, ...words]: readonly string[], defaults: Settings): Server {
  if (name === undefined || text === undefined)
    throw new ImportError(`${line.at}: server takes a name and an address`);
  return { line, name, text, address: addressOf(text, line), settings: settingsOf(words, line, defaults) };
}

/** `server-template web 1-3 web.example.com:80`: as many servers as the name has addresses. */
function templateOf(
  line: Line,
  [prefix, range, text, ...words]: readonly string[],
  defaults: Settings,
): Server {
  if (prefix === undefined || range === undefined || text === undefined || !/^\d+(-\d+)?$/.test(range))
    throw new ImportError(
      `${line.at}: server-template takes a prefix, a number of servers, a name and a port`,
    );
  return serverOf(line, [prefix, text, ...words], defaults);
}

function settingsOf(words: readonly string[], { at }: Line, defaults: Settings): Settings {
  const settings = new Map(defaults);
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word.startsWith("no-")) settings.delete(word.slice(3));
    else if (word === "enabled") settings.delete("disabled");
    else if (!WITH_VALUE.has(word)) settings.set(word, "");
    else {
      const value = words[++index];
      if (value === undefined) throw new ImportError(`${at}: ${word} takes a value`);
      settings.set(word, value);
    }
  }
  return settings;
}

/** What stands before an address and says only what kind it is. */
const KIND = /^(ipv4|ipv6|tcp|tcp4|tcp6|stream\+ipv[46]|quic4|quic6)@/;

/** @throws ImportError if it is no address */
function addressOf(text: string, { at }: Line): Address | null {
  if (/^(unix@|uxst@|abns@|abnsz@|fd@|sockpair@|\/)/.test(text)) return null;
  // Of an IPv6 address the last colon stands before the port.
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|(.+?))(?::(\d{1,5})?)?$/.exec(text.replace(KIND, ""));
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? null : Number(match[3]);
  if (host !== undefined && !/[\s/]|:\+|:-/.test(text) && (port === null || (port > 0 && port <= 65_535))) {
    return { host, port };
  }
  throw new ImportError(
    `${at}: ${JSON.stringify(text)} is not an address with a port of its own: write it out`,
  );
}
