import { expect, test } from "vitest";
import { onsetIn } from "../../../src/admin/dashboard/lib/onset.ts";
import type { HistoryBucket } from "../../../src/contract/stats.ts";

const STEP_MS = 10_000;
const TO_MS = 1_000_000;

/** @param shares of each bucket before TO_MS, oldest first; null: without traffic, so it is left out */
function begins(...shares: (number | null)[]) {
  const buckets = shares.flatMap((share, index): HistoryBucket[] => {
    const at = TO_MS - (shares.length - index) * STEP_MS;
    return share === null ? [] : [{ at, requests: 100, errors: share * 100 } as HistoryBucket];
  });
  const share = ({ requests, errors }: HistoryBucket): number => errors / requests;
  return onsetIn({ range: "hour", stepMs: STEP_MS, toMs: TO_MS, buckets }, share, 0.01);
}

test("a failure began with the first bucket of the last failing run", () => {
  expect(begins(0, 0.5, 0.5, 0.02)).toEqual({ at: TO_MS - 3 * STEP_MS, isEarlier: false });
  expect(begins(0.5, 0.01, 0.5)).toEqual({ at: TO_MS - STEP_MS, isEarlier: false });
});

test("a failure that is not in the newest bucket began after it", () => {
  expect(begins(0.5, 0)).toEqual({ at: TO_MS, isEarlier: false });
  expect(begins()).toEqual({ at: TO_MS, isEarlier: false });
});

test("a failure that is in all known buckets may have begun earlier", () => {
  const quarterHour = Array.from({ length: 90 }, () => 0.5);
  expect(begins(...quarterHour)).toEqual({ at: TO_MS - 90 * STEP_MS, isEarlier: true });
  expect(begins(0.5, 0.5)).toEqual({ at: TO_MS - 2 * STEP_MS, isEarlier: false });
});

test("a short time without traffic does not end a failing run, a long one does", () => {
  expect(begins(0, 0.5, null, null, 0.5)).toEqual({ at: TO_MS - 4 * STEP_MS, isEarlier: false });
  const long = Array.from({ length: 7 }, () => null);
  expect(begins(0.5, ...long, 0.5)).toEqual({ at: TO_MS - STEP_MS, isEarlier: false });
});
