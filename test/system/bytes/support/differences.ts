/**
 * Compares an answer through the balancer with the origin's direct answer to the same client.
 * @module
 */
import { type HeaderList, headerValue } from "../../../support/wire/http-reader.ts";
import type { RawReply } from "../../../support/wire/raw-connection.ts";
import type { PoolKind } from "./pools.ts";

/**
 * Headers in which an answer may differ, and why. Everything else is the same, value by value. What stands here for
 * its own sake is compared as something else, or as what it must be.
 */
const ANSWER_HEADERS: Readonly<Record<string, string>> = {
  connection: "belongs to each connection (RFC 9110, 7.6.1)",
  "keep-alive": "belongs to each connection",
  "transfer-encoding": "compared as the framing",
};

/** How an answer that is framed so by the origin reaches the client. */
function framingAtClient(direct: RawReply): string {
  // The client's connection is kept, so the end must be told: by a last chunk.
  return direct.framing === "close" ? "chunked" : direct.framing;
}

/** What is wrong with an answer, in words; empty: nothing. */
export function answerDifferences(direct: RawReply, seen: RawReply, kind: PoolKind): string[] {
  return [
    differs("status", direct.status, seen.status),
    differs("framing", framingAtClient(direct), seen.framing),
    differs("bytes", direct.bodyBytes, seen.bodyBytes),
    differs("body", direct.sha256, seen.sha256),
    differs("complete", direct.isComplete, seen.isComplete),
    ...headerDifferences(expectedHeaders(direct, seen, kind), seen.headers, ANSWER_HEADERS),
  ].filter((difference) => difference !== null);
}

/** The origin's headers, with the two changes that depend on the answer. */
function expectedHeaders(direct: RawReply, seen: RawReply, kind: PoolKind): HeaderList {
  // The runtime may tell no length with a 304, as anybody may (RFC 9110, 8.6).
  const isLengthLeftOut = direct.status === 304 && headerValue(seen.headers, "content-length") === undefined;
  const headers = direct.headers.filter(([name]) => !isLengthLeftOut || !/^content-length$/i.test(name));
  // A failed answer binds nobody to the origin that gave it (docs/affinity.md).
  const isFailure = direct.status >= 500 && direct.status !== 501 && direct.status !== 505;
  return kind === "sticky" && !isFailure ? withSession(headers, seen) : headers;
}

/** What a pool that keeps sessions by cookie adds, and no shared cache may keep. */
function withSession(headers: HeaderList, seen: RawReply): HeaderList {
  const session = seen.headers.find(
    ([name, value]) => /^set-cookie$/i.test(name) && value.startsWith("__lb="),
  );
  return [
    ...headers.map((header): HeaderList[number] =>
      /^cache-control$/i.test(header[0]) ? [header[0], `${header[1]}, private`] : header,
    ),
    ["set-cookie", session?.[1] ?? "__lb=..., which is missing"],
  ];
}

/** @param allowed names, in lower case, that may differ */
export function headerDifferences(
  direct: HeaderList,
  seen: HeaderList,
  allowed: Readonly<Record<string, string>>,
): (string | null)[] {
  const [expected, found] = [byName(direct), byName(seen)];
  const names = new Set([...expected.keys(), ...found.keys()]);
  return [...names]
    .filter((name) => !(name in allowed))
    .map((name) => differs(name, expected.get(name)?.join(" | "), found.get(name)?.join(" | ")));
}

export function differs(what: string, expected: unknown, seen: unknown): string | null {
  return expected === seen ? null : `${what}: ${String(expected)} -> ${String(seen)}`;
}

function byName(headers: HeaderList): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    found.set(key, [...(found.get(key) ?? []), value]);
  }
  return found;
}

export interface Checked {
  rows: number;
  differences: string[];
}

/** What `check` says of each row, a few at a time. */
export async function checkAll<Row>(
  rows: Iterable<Row>,
  check: (row: Row) => Promise<string[]>,
  atOnce: number,
): Promise<Checked> {
  const waiting = rows[Symbol.iterator]();
  const differences: string[] = [];
  let count = 0;
  const work = async (): Promise<void> => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      count++;
      differences.push(...(await check(next.value)));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { rows: count, differences };
}
