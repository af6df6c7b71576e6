/**
 * The matrix of answers: its factors, and the comparison of each answer with the origin's own.
 * @module
 */
import { ENCODINGS } from "../../../support/wire/bodies.ts";
import { RawClient, type RawReply } from "../../../support/wire/raw-connection.ts";
import type { Factors } from "./covering.ts";
import { answerDifferences, type Checked, checkAll } from "./differences.ts";
import { hostOf, POOL_KINDS, type PoolKind, unlessRefused } from "./pools.ts";
import { type Script, targetOf } from "./scripted-origin.ts";

export interface AnswerRow extends Script {
  method: string;
  kind: PoolKind;
}

/** A body up to this many bytes is let go with its headers (src/edge/response/tracked-response.ts). */
const SMALL_BODY_BYTES = 65_536;
const LARGE_BYTES = 1_000_000;
const HUGE_BYTES = 20_000_000;

export const ANSWERS: Factors<AnswerRow> = {
  method: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
  status: [200, 203, 204, 206, 302, 304, 400, 404, 429, 500, 503, 599, 600, 999],
  bytes: [0, 1, SMALL_BODY_BYTES - 1, SMALL_BODY_BYTES, SMALL_BODY_BYTES + 1, LARGE_BYTES, HUGE_BYTES],
  framing: ["length", "chunked", "close"],
  encoding: ENCODINGS,
  kind: POOL_KINDS,
};

export const isLarge = ({ bytes }: Pick<AnswerRow, "bytes">): boolean => bytes === LARGE_BYTES;
export const isHuge = ({ bytes }: Pick<AnswerRow, "bytes">): boolean => bytes === HUGE_BYTES;

/** Sends rows to the balancer and to the origin, and tells where the answers are not the same. */
export class AnswerMatrix {
  readonly #direct: RawClient;
  readonly #balanced: RawClient;
  /** The origin's own answers, which do not depend on the pool. */
  readonly #known = new Map<string, RawReply>();

  constructor(originUrl: string, balancerUrl: string) {
    this.#direct = new RawClient(originUrl);
    this.#balanced = new RawClient(balancerUrl);
  }

  close(): void {
    this.#direct.close();
    this.#balanced.close();
  }

  /** Empty if the answer is the origin's own. */
  async check(row: AnswerRow): Promise<string[]> {
    const { method, kind, ...script } = row;
    const request = { method, target: targetOf(script) };
    const key = `${method} ${request.target}`;
    const direct = this.#known.get(key) ?? (await this.#direct.exchange(request));
    this.#known.set(key, direct);
    try {
      const headers = [["Host", hostOf(kind)]] as const;
      const seen = await unlessRefused(() => this.#balanced.exchange({ ...request, headers }));
      return answerDifferences(direct, seen, kind).map((difference) => `${describe(row)}: ${difference}`);
    } catch (error) {
      return [`${describe(row)}: ${String(error)}`];
    }
  }

  /** All rows, a few at a time. */
  checkAll(rows: Iterable<AnswerRow>, atOnce = 8): Promise<Checked> {
    return checkAll(rows, (row) => this.check(row), atOnce);
  }
}

function describe({ kind, method, status, bytes, framing, encoding }: AnswerRow): string {
  return `${kind} ${method} ${status} ${bytes} bytes ${framing} ${encoding}`;
}
