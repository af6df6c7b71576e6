/**
 * Every way that an answer can take, against the origin's own answer to the same client: status, each header, framing
 * and body. The rows are chosen so that each three values of the six factors meet; all rows there are, and bodies of
 * 20 MB: test/long/bytes.test.ts.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Balancer } from "../support/balancer.ts";
import { ANSWERS, AnswerMatrix, isHuge } from "./support/answers.ts";
import { covering } from "./support/covering.ts";
import { POOL_KINDS, startBeforeEveryKind } from "./support/pools.ts";
import { ScriptedOrigin } from "./support/scripted-origin.ts";

let origin: ScriptedOrigin;
let balancer: Balancer;
let matrix: AnswerMatrix;

beforeAll(async () => {
  origin = await ScriptedOrigin.start();
  balancer = await startBeforeEveryKind(origin.url);
  matrix = new AnswerMatrix(origin.url, balancer.url);
});

afterAll(async () => {
  matrix?.close();
  await balancer?.stop();
  await origin?.stop();
});

const small = covering({ ...ANSWERS, bytes: ANSWERS.bytes.filter((bytes) => !isHuge({ bytes })) }, 3);

test.each(POOL_KINDS)("answers in a %s pool are the origin's own", async (kind) => {
  const rows = small.filter((row) => row.kind === kind);
  expect(rows.length).toBeGreaterThan(100);
  expect(await matrix.checkAll(rows)).toEqual({ rows: rows.length, differences: [] });
});
