/** Reports of what clients got whose requests no pool handled: lost, late and repeated ones, against a plain count. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { UnroutedReply, UnroutedReport } from "../../src/contract/routes.ts";
import { UnroutedReports } from "../../src/edge/sync/unrouted-reports.ts";
import { WorkerSurroundings } from "../../src/edge/worker-surroundings.ts";
import type { Env } from "../../src/platform/env.ts";
import { Unrouted } from "../../src/pool/routes/unrouted.ts";
import type { StatsTable } from "../../src/pool/storage/stats-rows.ts";
import { seededRandom } from "../support/seeded-random.ts";

const SEED = 20_261_130;
const NO_TABLE: StatsTable = {
  put: () => {},
  periods: () => [],
  summaries: () => [],
  lastTotals: () => null,
};

type Way = "answered" | "report lost" | "answer lost" | "late";

class World {
  readonly object = new Unrouted(NO_TABLE, () => Date.now());
  readonly reports = new UnroutedReports(
    new WorkerSurroundings({
      LB_NAME: "unrouted",
      ROUTE_TABLE: {
        getByName: () => ({ reportUnrouted: (report: UnroutedReport) => this.#receive(report) }),
      },
    } as unknown as Env),
  );
  readonly sent: UnroutedReport[] = [];
  way: Way = "answered";
  answered = 0;
  readonly #pending: Promise<unknown>[] = [];

  async #receive(report: UnroutedReport): Promise<UnroutedReply> {
    this.sent.push(report);
    const lost = new Error("Network connection lost.");
    if (this.way === "report lost") throw lost;
    if (this.way === "late") await scheduler.wait(30_000);
    const reply = this.object.report(report);
    if (this.way === "answer lost") throw lost;
    return reply;
  }

  answer(host = "a.example"): void {
    this.answered++;
    this.reports.clients.recordAnswer({
      status: 404,
      durationMs: 1,
      route: null,
      host,
      problem: "no_route",
    });
    this.reports.scheduleReport({ waitUntil: (promise) => void this.#pending.push(promise) });
  }

  get counted(): number {
    return this.object.totals().answers["4xx"] ?? 0;
  }

  hosts(): string[] {
    return this.object.clients(3_600).counts.hosts.map(([host]) => host);
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  vi.stubGlobal("scheduler", { wait: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)) });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("a report", () => {
  it("whose answer is lost is sent again as it was, and counts once", async () => {
    const world = new World();
    world.way = "answer lost";
    world.answer();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([world.sent.length, world.counted]).toEqual([1, 1]);
    world.way = "answered";
    world.answer();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(world.sent[1]).toEqual(world.sent[0]);
    expect(world.counted, "the second is told of after it").toBe(1);
    world.answer();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(world.counted).toBe(3);
  });

  it("that is lost loses nothing, and the object is left alone for a while", async () => {
    const world = new World();
    world.way = "report lost";
    for (let second = 0; second < 60; second++) {
      world.answer();
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(world.sent.length).toBeLessThanOrEqual(7);
    expect(new Set(world.sent.map(({ sequence }) => sequence))).toEqual(new Set([1]));
    world.way = "answered";
    for (let turn = 0; turn < 3; turn++) {
      world.answer();
      await vi.advanceTimersByTimeAsync(25_000);
    }
    expect(world.counted).toBe(world.answered);
  });

  it(`counts once, whatever the way there and back does (seed ${SEED})`, async () => {
    const random = seededRandom(SEED);
    const ways: Way[] = ["answered", "report lost", "answer lost", "late"];
    for (let run = 0; run < 15; run++) {
      const world = new World();
      for (let turn = 0; turn < 40; turn++) {
        world.way = ways[Math.floor(random() * ways.length)] ?? "answered";
        for (let i = Math.floor(random() * 4); i > 0; i--) world.answer();
        await vi.advanceTimersByTimeAsync(random() * 15_000);
        expect(world.counted, `run ${run}`).toBeLessThanOrEqual(world.answered);
      }
      world.way = "answered";
      for (let turn = 0; turn < 4; turn++) {
        world.answer();
        await vi.advanceTimersByTimeAsync(60_000);
      }
      expect(world.counted, `run ${run}`).toBe(world.answered);
    }
  });

  it("names fifty hosts, and counts all others together", async () => {
    const world = new World();
    for (let i = 0; i < 80; i++) world.answer(`h${i}.example`);
    await vi.advanceTimersByTimeAsync(5_000);
    const [report] = world.sent;
    const named = report?.clients.hosts.filter(([host]) => host !== "") ?? [];
    const others = report?.clients.hosts.find(([host]) => host === "")?.[1] ?? [];
    expect([named.length, others.reduce((sum, count) => sum + count, 0)]).toEqual([50, 30]);
    expect(world.counted).toBe(80);
  });
});

describe("the object of the routes", () => {
  const clients = () => {
    const { reports } = new World();
    reports.clients.recordAnswer({ status: 404, durationMs: 1, route: null, host: "a", problem: null });
    return reports.clients.toData();
  };
  const NUMBER = 20_000;

  it("remembers 20,000 isolates: a repeated report of the last of them counts once, and is paced by their number", () => {
    const { object } = new World();
    const one = clients();
    const report = (name: number) => object.report({ isolate: `i${name}`, sequence: 1, clients: one });
    let paceMs = 0;
    for (let name = 0; name < NUMBER + 5; name++) paceMs = report(name).next_report_ms;
    expect(paceMs, "at most 100 reports a second").toBe((NUMBER / 100) * 1_000);
    for (let name = 5; name < NUMBER + 5; name++) report(name);
    expect(object.totals().answers["4xx"]).toBe(NUMBER + 5);
    report(0);
    expect(object.totals().answers["4xx"], "one that was pushed out is not known any more").toBe(NUMBER + 6);
  });

  it("forgets an isolate after two minutes, in which a report would have been repeated", async () => {
    const { object } = new World();
    const report = (isolate: string) => object.report({ isolate, sequence: 1, clients: clients() });
    for (let i = 0; i < 5_000; i++) report(`i${i}`);
    await vi.advanceTimersByTimeAsync(119_000);
    expect(report("i1").next_report_ms).toBe(50_000);
    expect(object.totals().answers["4xx"]).toBe(5_000);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(report("i1").next_report_ms, "the others are gone").toBe(10_000);
  });
});
