/**
 * Every row of the matrices in test/system/bytes, with two exceptions. Of bodies of 20 MB, rows are chosen so that any
 * two other values occur together. Answers of 1 MB to methods other than GET are tested in test/system/bytes, with any
 * three values together. Takes minutes; `npm run test:long`.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ANSWERS, AnswerMatrix, isHuge, isLarge } from "../system/bytes/support/answers.ts";
import { covering, type Factors, product } from "../system/bytes/support/covering.ts";
import { POOL_KINDS, startBeforeEveryKind } from "../system/bytes/support/pools.ts";
import { ScriptedOrigin } from "../system/bytes/support/scripted-origin.ts";
import { isHugeUpload, isPossible, UPLOADS, UploadMatrix } from "../system/bytes/support/uploads.ts";
import type { Balancer } from "../system/support/balancer.ts";

const LIMIT_MS = 1_800_000;
/** So that the first failures can be read. */
const MOST_SHOWN = 50;

let origin: ScriptedOrigin;
let balancer: Balancer;
/** One for all kinds of pool, so that it asks for the origin's own answers once only. */
let answers: AnswerMatrix;

beforeAll(async () => {
  origin = await ScriptedOrigin.start();
  balancer = await startBeforeEveryKind(origin.url);
  answers = new AnswerMatrix(origin.url, balancer.url);
});

afterAll(async () => {
  answers?.close();
  await balancer?.stop();
  await origin?.stop();
});

/** The rows of one kind of pool, without the largest bodies. */
function rowsOf<Row extends { kind: string; bytes: number }>(
  factors: Factors<Row>,
  kind: Row["kind"],
  leavesOut: (row: Row) => boolean,
): Row[] {
  return [...product<Row>({ ...factors, kind: [kind] })].filter((row) => !leavesOut(row));
}

test.each(POOL_KINDS)(
  "all answers in a %s pool are the origin's own",
  async (kind) => {
    const rows = rowsOf(ANSWERS, kind, (row) => isHuge(row) || (isLarge(row) && row.method !== "GET"));
    expect(rows).toHaveLength(7 * 14 * 5 * 3 * 6 + 14 * 3 * 6);
    const { differences } = await answers.checkAll(rows);
    expect(differences.slice(0, MOST_SHOWN)).toEqual([]);
  },
  LIMIT_MS,
);

test.each(POOL_KINDS)(
  "all requests to a %s pool arrive as they were sent",
  async (kind) => {
    const rows = rowsOf(UPLOADS, kind, (row) => isHugeUpload(row) || !isPossible(row));
    expect(rows.length).toBeGreaterThan(1_000);
    const matrix = new UploadMatrix(origin, balancer.url);
    const { differences } = await matrix.checkAll(rows);
    matrix.close();
    expect(differences.slice(0, MOST_SHOWN)).toEqual([]);
  },
  LIMIT_MS,
);

test(
  "answers of 20 MB are the origin's own",
  async () => {
    const rows = covering({ ...ANSWERS, bytes: ANSWERS.bytes.filter((bytes) => isHuge({ bytes })) }, 2);
    expect(await answers.checkAll(rows, 2)).toEqual({ rows: rows.length, differences: [] });
  },
  LIMIT_MS,
);

test(
  "requests of 20 MB arrive as they were sent",
  async () => {
    const bytes = UPLOADS.bytes.filter((each) => isHugeUpload({ bytes: each }));
    const rows = covering({ ...UPLOADS, bytes }, 2, isPossible);
    const matrix = new UploadMatrix(origin, balancer.url);
    expect(await matrix.checkAll(rows, 2)).toEqual({ rows: rows.length, differences: [] });
    matrix.close();
  },
  LIMIT_MS,
);
