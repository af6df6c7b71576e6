/**
 * The judgement of the soak: results that it must report, and results that it must allow.
 */
import { describe, expect, test } from "vitest";
import type { Fault, FaultWindow } from "../../soak/contract.ts";
import { judgeMemory } from "../../soak/memory.ts";
import { judge } from "../../soak/oracle.ts";
import type { Result } from "../../soak/outcome.ts";
import type { Job } from "../../soak/work.ts";

const JOB: Job = {
  id: "x",
  manner: "plain",
  pool: "leased",
  request: { method: "POST", target: "/up" },
  expected: Buffer.alloc(0),
  isRepeatable: false,
  dice: 0,
};
const RIGHT: Result = {
  job: JOB,
  startMs: 10_000,
  endMs: 10_100,
  status: 200,
  isWhole: true,
  isRight: true,
  origin: "a",
  fault: null,
  problem: null,
  error: null,
};
const FAILED: Result = { ...RIGHT, status: 502, origin: null, problem: "origin_failed" };

const during = (fault: Fault, origin = "a"): FaultWindow[] => [
  { fault, origin, fromMs: 9_000, toMs: 12_000 },
];
const once = { origin: "a", attempts: 1 };

describe("in calm", () => {
  test.each<[string, Partial<Result>]>([
    ["a wrong byte", { isRight: false }],
    ["an answer that broke off", { isWhole: false }],
    ["a 500 of an origin", { status: 500, fault: "500" }],
    ["a 502", { status: 502, problem: "origin_failed" }],
    ["no answer", { status: null, error: "closed" }],
    ["a malformed request that fails at an origin", { ...FAILED, job: { ...JOB, manner: "malformed" } }],
    ["a stalling upload that is the origin's failure", { ...FAILED, job: { ...JOB, manner: "stalls" } }],
    ["a wrong byte for one that left", { isRight: false, job: { ...JOB, manner: "leaves_body" } }],
  ])("%s is wrong", (_, what) => {
    expect(judge({ ...RIGHT, ...what }, [], once).ok).toBe(false);
  });

  test("the right answer is right", () => {
    expect(judge(RIGHT, [], once)).toEqual({ ok: true, why: "right" });
  });
});

describe("with a fault", () => {
  test("the failure of a request that may be sent once is right", () => {
    expect(judge(FAILED, during("kill"), once).ok).toBe(true);
    const late: Result = { ...FAILED, status: 504, problem: "origin_timeout" };
    expect(judge(late, during("hang"), once).ok).toBe(true);
    expect(judge({ ...RIGHT, isWhole: false }, during("truncate"), once).ok).toBe(true);
  });

  test.each<[string, Partial<Result>, FaultWindow[], { origin: string; attempts: number }]>([
    ["of another origin than was tried", {}, during("kill", "b"), once],
    ["that does not explain the error", {}, during("slow"), once],
    ["that was over long before", {}, [{ fault: "kill", origin: "a", fromMs: 0, toMs: 8_000 }], once],
    ["of a request that may be repeated", { job: { ...JOB, isRepeatable: true } }, during("kill"), once],
    ["of one that was sent again", {}, during("kill"), { origin: "a", attempts: 2 }],
    ["and no origin available", { problem: "no_origin_available", status: 503 }, during("kill"), once],
    [
      "with a broken answer of another origin",
      { ...RIGHT, isWhole: false, origin: "b" },
      during("kill"),
      once,
    ],
    ["that breaks no answers", { ...RIGHT, isWhole: false }, during("reset"), once],
    ["and a wrong byte", { ...RIGHT, isRight: false }, during("truncate"), once],
  ])("an error is wrong if the fault %s", (_, what, windows, logged) => {
    expect(judge({ ...FAILED, ...what }, windows, logged).ok).toBe(false);
  });
});

describe("memory grows", () => {
  const level = Array.from({ length: 100 }, (_, i) => 400 - 200 / (i + 1) + (i % 7) * 10);
  const rising = Array.from({ length: 100 }, (_, i) => 200 + i * 5);

  test("if the runtime keeps more after the run than tables and compiled code explain", () => {
    expect(judgeMemory({ keptMb: [8, 15.9], residentMb: level, seconds: 60 }).growth).toEqual([]);
    expect(judgeMemory({ keptMb: [8, 16.1], residentMb: level, seconds: 60 }).growth).toEqual([
      "what is kept grows from 8.0 MB to 16.1 MB",
    ]);
  });

  test("if resident memory rises steadily for minutes, and not if it reaches a level", () => {
    expect(judgeMemory({ keptMb: [8, 9], residentMb: rising, seconds: 600 }).growth).toHaveLength(1);
    expect(judgeMemory({ keptMb: [8, 9], residentMb: level, seconds: 600 }).growth).toEqual([]);
  });

  test("not if resident memory rises within the minute in which the heaps reach their size", () => {
    expect(judgeMemory({ keptMb: [8, 9], residentMb: rising, seconds: 60 }).growth).toEqual([]);
  });
});
