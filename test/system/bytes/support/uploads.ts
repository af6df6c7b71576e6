/**
 * The matrix of requests. It compares the origin's request through the balancer with its request without it.
 * @module
 */
import { createHash } from "node:crypto";
import { bodyOf, ENCODINGS, type Encoding, labelOf } from "../../../support/wire/bodies.ts";
import type { HeaderList, Message } from "../../../support/wire/http-reader.ts";
import {
  exchangeOnce,
  RawClient,
  type RawReply,
  type RawRequest,
} from "../../../support/wire/raw-connection.ts";
import type { Factors } from "./covering.ts";
import { type Checked, checkAll, differs, headerDifferences } from "./differences.ts";
import { hostOf, POOL_KINDS, type PoolKind, unlessRefused } from "./pools.ts";
import { CASE_HEADER, type ScriptedOrigin, targetOf } from "./scripted-origin.ts";

export interface UploadRow {
  method: string;
  bytes: number;
  /** "none": no header of framing, and no body. */
  framing: "none" | "length" | "chunked";
  encoding: Encoding;
  /** With an Idempotency-Key: what may be sent again takes another way through the code. */
  keyed: boolean;
  /** The client waits for no 100, but asks for it. */
  expects: boolean;
  kind: PoolKind;
}

/** Default of `failover.max_body_bytes`: a body up to it is kept for another attempt. */
const MAX_BODY_BYTES = 65_536;
const HUGE_BYTES = 20_000_000;
const CHUNK_BYTES = 30_011;

export const UPLOADS: Factors<UploadRow> = {
  method: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
  bytes: [0, 1, MAX_BODY_BYTES - 1, MAX_BODY_BYTES, MAX_BODY_BYTES + 1, 1_000_000, HUGE_BYTES],
  framing: ["none", "length", "chunked"],
  encoding: ENCODINGS,
  keyed: [false, true],
  expects: [false, true],
  kind: POOL_KINDS,
};

/** A body needs a framing, and no client waits for leave to send none. */
export const isPossible = ({ bytes, framing, expects }: UploadRow): boolean =>
  (framing !== "none" || bytes === 0) && !(expects && bytes === 0);

export const isHugeUpload = ({ bytes }: Pick<UploadRow, "bytes">): boolean => bytes === HUGE_BYTES;

/** Headers of every request: what a proxy likes to merge, drop, or read as another charset. */
const HEADERS: HeaderList = [
  ["User-Agent", "raw/1.0"],
  ["Accept", "text/html, */*;q=0.1"],
  ["Accept-Encoding", "zstd, br;q=0.5"],
  ["Accept-Language", "de-CH"],
  ["Authorization", 'Digest username="x, y", uri="/"'],
  ["Cookie", 'a=1; b="2, 3"; c='],
  ["Content-Type", "application/x-own; boundary=--a"],
  ["If-None-Match", '"v1", W/"v2"'],
  ["Range", "bytes=0-"],
  ["Referer", "https://elsewhere.test/p?q=1"],
  ["Origin", "null"],
  ["X-CaSe-Kept", "Gr\xfc\xdfe \xc3\xa9"],
  ["Via", "1.1 client-side"],
];

/** Headers in which a request may differ at the origin, and why. Everything else is the same, value by value. */
const REQUEST_HEADERS: Readonly<Record<string, string>> = {
  host: "the origin's own; the client's is in X-Forwarded-Host",
  connection: "belongs to each connection (RFC 9110, 7.6.1)",
  "transfer-encoding": "compared as the framing",
  "x-forwarded-for": "added: the client's address",
  "x-forwarded-proto": "added: the client's scheme",
  "x-forwarded-host": "added: the client's Host",
  "x-real-ip": "added: the client's address",
  "x-request-id": "added",
  "x-lb-via": "added: tells loops",
  "cf-worker": "added by the runtime to whatever a Worker sends",
};

const SHA256_OF_NOTHING = createHash("sha256").digest("hex");

/** Met on the way: it must not arrive. */
const EXPECT = "expect";

const hasNoBody = (method: string): boolean => method === "GET" || method === "HEAD";

export class UploadMatrix {
  readonly #origin: ScriptedOrigin;
  readonly #direct: RawClient;
  readonly #balanced: RawClient;
  readonly #balancerUrl: string;
  #marks = 0;

  constructor(origin: ScriptedOrigin, balancerUrl: string) {
    this.#origin = origin;
    this.#direct = new RawClient(origin.url);
    this.#balanced = new RawClient(balancerUrl);
    this.#balancerUrl = balancerUrl;
  }

  close(): void {
    this.#direct.close();
    this.#balanced.close();
  }

  /** Empty if the origin received the same from both, once. */
  async check(row: UploadRow): Promise<string[]> {
    const mark = String(++this.#marks);
    const request = requestOf(row, mark);
    await this.#direct.exchange(request);
    const direct = this.#origin.take(mark);
    try {
      const headers: HeaderList = [["Host", hostOf(row.kind)], ...(request.headers ?? [])];
      const reply = await unlessRefused(() => this.#send(row, { ...request, headers }));
      const arrived = this.#origin.take(mark);
      return [differs("status", 200, reply.status), ...requestDifferences(row, direct, arrived)]
        .filter((difference) => difference !== null)
        .map((difference) => `${describe(row)}: ${difference}`);
    } catch (error) {
      this.#origin.received.delete(mark);
      return [`${describe(row)}: ${String(error)}`];
    }
  }

  #send({ method, framing }: UploadRow, request: RawRequest): Promise<RawReply> {
    // The runtime closes the connection behind a body that it has dropped, so it cannot be used again.
    if (framing === "chunked" && hasNoBody(method)) return exchangeOnce(this.#balancerUrl, request);
    return this.#balanced.exchange(request);
  }

  checkAll(rows: Iterable<UploadRow>, atOnce = 8): Promise<Checked> {
    return checkAll(rows, (row) => this.check(row), atOnce);
  }
}

function requestOf(
  { method, bytes, framing, encoding, keyed, expects }: UploadRow,
  mark: string,
): RawRequest {
  const label = labelOf(encoding);
  return {
    method,
    target: `${targetOf({ status: 200, bytes: 2, framing: "length", encoding: "none" })}&x=%2F+%zz;,`,
    headers: [
      ...HEADERS,
      [CASE_HEADER, mark],
      ...(label === null ? [] : ([["Content-Encoding", label]] as const)),
      ...(keyed ? ([["Idempotency-Key", `key-${mark}`]] as const) : []),
      ...(expects ? ([["Expect", "100-continue"]] as const) : []),
    ],
    framing,
    ...(framing === "none" ? {} : { body: bodyOf(bytes, encoding), chunkBytes: CHUNK_BYTES }),
  };
}

function requestDifferences(row: UploadRow, direct: Message, arrived: Message): (string | null)[] {
  const expected = asForwarded(row, direct);
  return [
    differs("request line", expected.startLine, arrived.startLine),
    differs("framing", expected.framing, arrived.framing),
    differs("bytes", expected.bodyBytes, arrived.bodyBytes),
    differs("body", expected.sha256, arrived.sha256),
    differs("complete", true, arrived.isComplete),
    ...headerDifferences(expected.headers, arrived.headers, REQUEST_HEADERS),
  ];
}

/** What is to arrive of what the client sent. */
function asForwarded({ method, bytes, framing }: UploadRow, sent: Message): Message {
  const direct = { ...sent, headers: sent.headers.filter(([name]) => name.toLowerCase() !== EXPECT) };
  // The runtime drops a GET's or HEAD's body of unknown length.
  if (framing === "chunked" && hasNoBody(method))
    return { ...direct, framing: "none", bodyBytes: 0, sha256: SHA256_OF_NOTHING };
  // A length of 0 says of these what none says (RFC 9112, 6.3).
  if (framing === "length" && bytes === 0 && hasNoBody(method)) {
    const headers = direct.headers.filter(([name]) => !/^content-length$/i.test(name));
    return { ...direct, framing: "none", headers };
  }
  // The runtime tells the length of no body for all other methods, which changes nothing either.
  if (framing === "none" && !hasNoBody(method)) {
    return { ...direct, framing: "length", headers: [...direct.headers, ["Content-Length", "0"]] };
  }
  return direct;
}

function describe({ kind, method, bytes, framing, encoding, keyed, expects }: UploadRow): string {
  const more = `${keyed ? " with a key" : ""}${expects ? " expects 100" : ""}`;
  return `${kind} ${method} ${bytes} bytes ${framing} ${encoding}${more}`;
}
