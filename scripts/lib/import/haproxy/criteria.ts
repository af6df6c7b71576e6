/**
 * ACLs: what is looked at, how it is compared, and with what (manual, 7.1 "ACL basics").
 * @module
 */
import { isIP } from "node:net";
import { ImportError } from "../result.ts";
import { MOST_ADDRESSES, validWhere } from "../where.ts";
import type { ReadNamed } from "./files.ts";
import { ALWAYS, anyOf, lost, type Meaning, matching, NEVER } from "./meaning.ts";
import {
  baseMeaning,
  hostMeaning,
  type Method,
  named,
  pathMeaning,
  type TextTest,
  targetMeaning,
} from "./strings.ts";

/** What is the same for all requests that come here. */
export interface Entrance {
  readonly port: number;
  readonly isTls: boolean;
  readonly readNamed: ReadNamed;
}

const FETCH = /^([a-z0-9_.]+?)(?:_(beg|end|dom|dir|sub|reg|len))?(?:\(([^)]*)\))?((?:,.+)?)$/i;
const METHODS: ReadonlySet<string> = new Set([
  "str",
  "beg",
  "end",
  "dom",
  "dir",
  "sub",
  "reg",
  "len",
  "found",
  "int",
]);
/** Converters that change nothing that routes go by: these ignore a host's case and port anyway. */
const OF_HOSTS = /^(,(lower|host_only|field\(1,:\)|word\(1,:\)))+$/;
const MOST_PATTERNS = 1_000;

interface Criterion extends TextTest {
  readonly fetch: string;
  readonly argument: string;
  readonly converters: string;
}

/**
 * What an ACL says, without its name.
 * @param words such as `path_beg -i /api`
 */
export function meaningOf(words: readonly string[], at: string, entrance: Entrance): Meaning {
  const [expression = "", ...rest] = words;
  const match = FETCH.exec(expression);
  if (match === null) return lost(`${words.join(" ")}: is not known here`);
  const [, fetch = "", suffix, argument = "", converters = ""] = match;
  const given = flagsOf(rest, entrance.readNamed);
  if (given.missing !== null) {
    return lost(
      `${words.join(" ")}: ${given.missing} cannot be read: give the directory that has it with --prefix`,
    );
  }
  if (given.patterns.length > MOST_PATTERNS) {
    return lost(
      `${expression}: has more than ${MOST_PATTERNS} values: use a list of Cloudflare's in a rule of its firewall`,
    );
  }
  const method = given.method ?? suffix ?? (given.patterns.length === 0 ? "found" : "str");
  return ofCriterion(
    {
      label: expression,
      fetch: fetch.toLowerCase().replace(/^req\./, ""),
      argument: argument.toLowerCase().replace(/,.*$/, ""),
      converters,
      method: (METHODS.has(method) ? method : "other") as Method,
      anyCase: given.anyCase || /,(lower|upper)\b/.test(converters),
      patterns: given.patterns,
    },
    argument.replace(/,.*$/, ""),
    at,
    entrance,
  );
}

interface Flags {
  readonly anyCase: boolean;
  readonly method: string | null;
  readonly patterns: readonly string[];
  /** A file that is not there. */
  readonly missing: string | null;
}

function flagsOf(words: readonly string[], readNamed: ReadNamed): Flags {
  let patterns: readonly string[] = [];
  let [anyCase, method, missing, at] = [false, null as string | null, null as string | null, 0];
  for (; at < words.length && words[at]?.startsWith("-") === true; at++) {
    const flag = words[at];
    if (flag === "-i") anyCase = true;
    else if (flag === "-m") method = words[++at] ?? "";
    else if (flag === "-u") at++;
    else if (flag === "-f") {
      const name = words[++at] ?? "";
      const text = readNamed(name);
      if (text === null) missing = name;
      else patterns = patterns.concat(patternsIn(text, words.includes("-M")));
    } else if (flag === "--") {
      at++;
      break;
    }
  }
  return { anyCase, method, missing, patterns: [...patterns, ...words.slice(at)] };
}

function patternsIn(text: string, isMap: boolean): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => (isMap ? (line.trim().split(/\s+/)[0] ?? "") : line.trimStart()));
}

function ofCriterion(test: Criterion, name: string, at: string, entrance: Entrance): Meaning {
  const { fetch, argument, converters, patterns, label } = test;
  const isHost = (/^f?hdr$/.test(fetch) && argument === "host") || fetch === "ssl_fc_sni";
  if (isHost && (converters === "" || OF_HOSTS.test(converters))) return hostMeaning(test);
  if (converters !== "" && !/^,(lower|upper)$/.test(converters))
    return lost(`${label}: what is done to it before is not known here`);
  switch (fetch) {
    case "path":
      return pathMeaning(test);
    case "url":
    case "pathq":
      return targetMeaning(test);
    case "base":
      return baseMeaning(test);
    case "hdr":
      return anyOf([named(test, "headers", argument), ...partsLost(test)]);
    case "fhdr":
      return named(test, "headers", argument);
    case "cook":
    case "cookie":
      return named(test, "cookies", name);
    case "urlp":
    case "url_param":
      return named(test, "query", name);
    case "hdr_cnt":
    case "fhdr_cnt":
      return counted({ ...test, method: "found" }, "headers", argument);
    case "cook_cnt":
      return counted({ ...test, method: "found" }, "cookies", name);
    case "method":
      return conditionOf({ methods: patterns.map((each) => each.toUpperCase()) }, label);
    case "src":
      return fromAddresses(test, at);
    case "hdr_ip":
      return argument === "cf-connecting-ip" ? fromAddresses(test, at) : lost(`${label}: ${NOT_KNOWN}`);
    default:
      return ofConnection(test, entrance);
  }
}

/** Of a header `hdr` compares each part between commas. */
function partsLost({ label, method }: Criterion): Meaning[] {
  const isCompared = method === "str" || method === "beg";
  const reason = "only the whole value of a header is compared, not the parts between its commas";
  return isCompared ? [lost(`${label}: ${reason}`)] : [];
}

const NOT_COUNTED = "nothing is counted here: use Cloudflare's rate limiting rules";
const NOT_KNOWN = "no condition of a route goes by this";

function ofConnection({ fetch, label, patterns }: Criterion, { port, isTls }: Entrance): Meaning {
  const is = (value: boolean) => (value ? ALWAYS : NEVER);
  const number = /^(dst_port|fc_dport)$/.test(fetch) ? numberTest(patterns) : null;
  if (number !== null) return is(number(port));
  if (fetch === "ssl_fc")
    return is(patterns.length === 0 || numberTest(patterns)?.(1) === true ? isTls : !isTls);
  if (/^(sc\d?|src)_/.test(fetch)) return lost(`${[label, ...patterns].join(" ")}: ${NOT_COUNTED}`);
  if (fetch === "always_true" || fetch === "proto_http") return ALWAYS;
  return fetch === "always_false" ? NEVER : lost(`${[label, ...patterns].join(" ")}: ${NOT_KNOWN}`);
}

function conditionOf(where: Parameters<typeof validWhere>[0], label: string): Meaning {
  const valid = validWhere(where);
  return valid === null ? lost(`${label}: ${NOT_KNOWN}`) : matching({ path: null, where: valid });
}

/** How often a header or a cookie is there: once, or not at all. */
function counted(test: Criterion, field: "headers" | "cookies", name: string): Meaning {
  const isMet = numberTest(test.patterns);
  const found = named(test, field, name);
  const results = isMet === null ? "" : [0, 1, 2].map(isMet).join(" ");
  if (results === "false true true") return found;
  if (results === "true false false") {
    const but = found.alternatives.map(({ match }) => match);
    return { ...matching({ path: null, where: null }, but), reads: found.reads };
  }
  return lost(`${[test.label, ...test.patterns].join(" ")}: no route counts`);
}

/** Numbers, ranges such as `1024:`, after an operator or none (manual, 7.1.2); null: it is none of these. */
function numberTest(patterns: readonly string[]): ((value: number) => boolean) | null {
  const [operator = ""] = patterns;
  const isOperator = /^(eq|ge|gt|le|lt)$/.test(operator);
  const values = isOperator ? patterns.slice(1) : patterns;
  if (values.length === 0 || !values.every((text) => /^\d*(:\d*)?$/.test(text))) return null;
  return (value) => values.some((text) => compare(isOperator ? operator : "eq", value, text));
}

function compare(operator: string, value: number, text: string): boolean {
  const [low, high] = text.includes(":") ? text.split(":") : [text, text];
  if (operator === "eq") return value >= Number(low || 0) && (high === "" || value <= Number(high));
  const against = Number(text);
  if (operator === "ge") return value >= against;
  if (operator === "gt") return value > against;
  return operator === "le" ? value <= against : value < against;
}

function fromAddresses({ patterns, label }: Criterion, at: string): Meaning {
  const ranges = patterns.map((text) => ({ text, range: rangeOf(text, at) }));
  const known = ranges.flatMap(({ range }) => (range === null ? [] : [range]));
  const parts: Meaning[] = [];
  for (let from = 0; from < known.length; from += MOST_ADDRESSES) {
    parts.push(conditionOf({ addresses: known.slice(from, from + MOST_ADDRESSES) }, label));
  }
  const names = ranges.filter(({ range }) => range === null);
  return anyOf([
    ...parts,
    ...names.map(({ text }) => lost(`${label} ${text}: is no range of addresses: write its address`)),
  ]);
}

/** `10.0.0.0/8`, `10/8`, `10.0.0.0/255.0.0.0`, an address alone; null: a name. */
function rangeOf(text: string, at: string): string | null {
  const [address = "", mask] = text.split("/");
  if (isIP(address) === 6) return `${address}/${mask ?? 128}`;
  if (!/^[\d.]+$/.test(address)) return null;
  // What is left out is 0, and stands before the last part: 10.12 is 10.0.0.12 without a mask, as 10.12/8 is.
  const parts = address.split(".");
  const full = [...parts.slice(0, -1), ...Array<string>(4 - parts.length).fill("0"), ...parts.slice(-1)].join(
    ".",
  );
  const bits = mask?.includes(".") === true ? prefixLength(mask) : (mask ?? "32");
  if (isIP(full) === 4 && bits !== null) return `${full}/${bits}`;
  throw new ImportError(`${at}: ${JSON.stringify(text)} is not a range of addresses`);
}

function prefixLength(mask: string): string | null {
  const bits = mask
    .split(".")
    .map((part) => Number(part).toString(2).padStart(8, "0"))
    .join("");
  const ones = bits.indexOf("0");
  if (bits.length !== 32 || /01/.test(bits)) return null;
  return String(ones < 0 ? 32 : ones);
}
