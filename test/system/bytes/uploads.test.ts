/**
 * Every way that a request can take, by what the origin received: request line, each header, framing and body, against
 * what it receives from the same client directly. The rows are chosen so that each three values of the seven factors
 * meet; all rows there are, and bodies of 20 MB: test/long/bytes.test.ts.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Balancer } from "../support/balancer.ts";
import { covering } from "./support/covering.ts";
import { POOL_KINDS, startBeforeEveryKind } from "./support/pools.ts";
import { ScriptedOrigin } from "./support/scripted-origin.ts";
import { isHugeUpload, isPossible, UPLOADS, UploadMatrix } from "./support/uploads.ts";

let origin: ScriptedOrigin;
let balancer: Balancer;
let matrix: UploadMatrix;

beforeAll(async () => {
  origin = await ScriptedOrigin.start();
  balancer = await startBeforeEveryKind(origin.url);
  matrix = new UploadMatrix(origin, balancer.url);
});

afterAll(async () => {
  matrix?.close();
  await balancer?.stop();
  await origin?.stop();
});

const sizes = UPLOADS.bytes;
const small = covering(
  { ...UPLOADS, bytes: sizes.filter((bytes) => !isHugeUpload({ bytes })) },
  3,
  isPossible,
);

test.each(POOL_KINDS)("requests to a %s pool arrive as they were sent", async (kind) => {
  const rows = small.filter((row) => row.kind === kind);
  expect(rows.length).toBeGreaterThan(50);
  expect(await matrix.checkAll(rows)).toEqual({ rows: rows.length, differences: [] });
});
