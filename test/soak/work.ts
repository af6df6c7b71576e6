/**
 * Generates the jobs of a soak's clients from a seed.
 * @module
 */
import { createHash } from "node:crypto";
import { bodyOf, type Encoding, noise } from "../support/wire/bodies.ts";
import type { HeaderList } from "../support/wire/http-reader.ts";
import type { RawRequest } from "../support/wire/raw-connection.ts";

export type Random = () => number;

/** The manner of a client. In the first seven it behaves well, so its answer must be right. */
const MANNERS = [
  "plain",
  "slow_reader",
  "slow_writer",
  "odd",
  "events",
  "socket",
  "fin",
  "leaves_upload",
  "leaves_early",
  "leaves_body",
  "stalls",
  "malformed",
] as const;
export type Manner = (typeof MANNERS)[number];

/** Numbers per thousand requests. */
const SHARES: readonly (readonly [manner: Manner, share: number])[] = [
  ["plain", 640],
  ["slow_reader", 40],
  ["slow_writer", 40],
  ["odd", 80],
  ["events", 30],
  ["socket", 50],
  ["fin", 20],
  ["leaves_upload", 30],
  ["leaves_early", 30],
  ["leaves_body", 30],
  ["stalls", 3],
  ["malformed", 7],
];

export const POOLS = ["leased", "sticky", "counted", "strict", "limited"] as const;
const MAX_BODY_BYTES = 65_536;

export interface Job {
  id: string;
  manner: Manner;
  pool: (typeof POOLS)[number];
  request: RawRequest;
  /** The complete body of the right answer. */
  expected: Buffer;
  /** The request may be sent to more than one origin: its method or key allow it, and its body is small enough. */
  isRepeatable: boolean;
  /** A random number for further choices of the client. */
  dice: number;
}

const DOWN_BYTES = [0, 1, 100, 10_000, 65_535, 65_536, 65_537, 300_000, 1_000_000, 5_000_000];
const UP_BYTES = [0, 1, 1_000, 65_535, 65_536, 65_537, 300_000, 1_000_000];
const EVENTS = 8;

/** @param manner absent: one of all, by their shares */
export function jobFor(id: string, random: Random, manner = mannerOf(random() * 1_000)): Job {
  const base = { id, manner, pool: pick(POOLS, random), dice: random() };
  switch (manner) {
    case "slow_writer":
    case "leaves_upload":
    case "stalls":
      return upload(base, random, 10_000 + Math.floor(random() * 100_000));
    case "events":
      return events(base);
    case "odd":
      return odd(base, random);
    case "slow_reader":
    case "leaves_body":
      return download(base, random, 1_000_000);
    case "leaves_early":
      return download(base, random, 1_000, "&delay=400");
    case "plain":
      if (random() < 0.4) return upload(base, random, pick(UP_BYTES, random));
      return download(base, random, skewed(DOWN_BYTES, random));
    default:
      return download(base, random, pick([0, 1_000, 100_000], random));
  }
}

type Base = Pick<Job, "id" | "manner" | "pool" | "dice">;

function download(base: Base, random: Random, bytes: number, more = ""): Job {
  const encoding = pick<Encoding>(["none", "none", "gzip", "br"], random);
  const framing = pick(["length", "chunked"], random);
  const method = base.manner === "plain" && random() < 0.05 ? "HEAD" : "GET";
  const target = `/down?bytes=${bytes}&encoding=${encoding}&framing=${framing}${more}`;
  return job(base, { method, target }, method === "HEAD" ? Buffer.alloc(0) : bodyOf(bytes, encoding));
}

function upload(base: Base, random: Random, bytes: number): Job {
  const method = pick(["POST", "POST", "PUT", "PATCH", "DELETE"], random);
  const keyed = random() < 0.4;
  const body = noise(bytes, bytes + 1);
  const sha256 = createHash("sha256").update(body).digest("hex");
  const request: RawRequest = {
    method,
    target: "/up",
    headers: keyed ? [["Idempotency-Key", base.id]] : [],
    body,
    framing: pick(["length", "length", "chunked"], random),
    chunkBytes: 20_011,
  };
  return job(base, request, Buffer.from(`${bytes} ${sha256}`));
}

function events(base: Base): Job {
  const text = Array.from({ length: EVENTS }, (_, event) => `data: ${event}\n\n`).join("");
  return job(base, { method: "GET", target: `/events?count=${EVENTS}` }, Buffer.from(text));
}

/** Unusual but correct requests. */
function odd(base: Base, random: Random): Job {
  const bytes = pick([0, 1_000, 100_000], random);
  const target = `/down?bytes=${bytes}`;
  const body = bodyOf(bytes);
  const get = (more: Partial<RawRequest>): Job => job(base, { method: "GET", target, ...more }, body);
  return pick(
    [
      () => get({ framing: "length" }),
      () => job(base, { method: "HEAD", target, framing: "length" }, Buffer.alloc(0)),
      () => get({ body: Buffer.from("0123456789") }),
      () => get({ body: Buffer.from("0123456789"), framing: "chunked" }),
      () => get({ framing: "chunked" }),
      () => job(base, { method: "OPTIONS", target, framing: "length" }, body),
      () =>
        get({
          headers: [
            ["Cookie", "a=1"],
            ["Cookie", "b=2"],
          ],
        }),
      () => get({ target: `/elsewhere/..${target}` }),
      () =>
        get({
          headers: [
            ["Connection", "X-Hop, keep-alive"],
            ["X-Hop", "1"],
          ],
        }),
      () =>
        get({
          headers: [
            ["Connection", "Upgrade"],
            ["Upgrade", "h2c"],
          ],
        }),
      () =>
        get({
          headers: [
            ["X-Latin", "Gr\xfc\xdfe"],
            ["X_Forwarded_For", "1.2.3.4"],
          ],
        }),
    ],
    random,
  )();
}

function job(base: Base, request: RawRequest, expected: Buffer): Job {
  const mayRepeat = isRepeatable(request);
  const headers: HeaderList = [
    ["Host", `${base.pool}.test`],
    ["X-Soak-Id", base.id],
    ["X-Request-Id", base.id],
    ...(request.headers ?? []),
    ...(mayRepeat ? [] : ([["X-Soak-Once", "1"]] as const)),
  ];
  return { ...base, request: { ...request, headers }, expected, isRepeatable: mayRepeat };
}

/** docs/reliability.md: GET, HEAD, OPTIONS, PUT, DELETE, or a request with a key; its body within `max_body_bytes`. */
function isRepeatable({ method, headers = [], body }: RawRequest): boolean {
  const isIdempotent = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].includes(method);
  const isKeyed = headers.some(([name]) => name === "Idempotency-Key");
  return (isIdempotent || isKeyed) && (body?.length ?? 0) <= MAX_BODY_BYTES;
}

function mannerOf(share: number): Manner {
  let left = share;
  for (const [manner, part] of SHARES) {
    left -= part;
    if (left < 0) return manner;
  }
  return "plain";
}

/** Small sizes are more frequent. */
function skewed<T>(values: readonly T[], random: Random): T {
  return pick(values, () => random() ** 1.5);
}

function pick<T>(values: readonly T[], random: Random): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error("nothing to choose from");
  return value;
}
