/** The isolates that wait at the object for its next verdict: which are asked to, and what they are answered when. */
import { beforeEach, describe, expect, it } from "vitest";
import { LONGEST_WATCH_MS, OFFER_MS, type WatchReply } from "../../../src/contract/verdict-watch.ts";
import { parseNote } from "../../../src/edge/pool/verdict-notes.ts";
import { VerdictWatches } from "../../../src/pool/leases/verdict-watches.ts";
import { reply } from "../../support/data-center.ts";
import { VirtualTimers } from "../../support/virtual-timers.ts";

const CROWDED_MS = 5_000;
const { snapshot: FIRST } = reply(1);
const { snapshot: NEXT } = reply(2, ["a"]);

let time = new VirtualTimers();
let hasRoom = true;
const newWatches = () =>
  new VerdictWatches({ pool: "p", now: () => time.nowMs, timers: time, hasRoom: () => hasRoom });
let watches = newWatches();
let answers: (WatchReply & { at: string; ms: number })[] = [];

/** An isolate of a data centre was asked, and calls. */
function watch(at: string, version = 1): void {
  const beganMs = time.nowMs;
  void watches.watch({ data_center: at, version }).then((answer) => {
    answers.push({ ...answer, at, ms: time.nowMs - beganMs });
  });
}

const offered = (at: string | undefined, paceMs = CROWDED_MS) => watches.offer(at, paceMs) !== null;
const pass = (ms: number) => time.advance(ms);
const settled = () => pass(0);

beforeEach(() => {
  time = new VirtualTimers();
  hasRoom = true;
  watches = newWatches();
  watches.adopt(FIRST);
  answers = [];
});

describe("who is asked", () => {
  it("is one isolate of each data centre, of a crowd only", () => {
    expect([offered("FRA"), offered("FRA"), offered("AMS")]).toEqual([true, false, true]);
    expect(offered("LHR", 2_500), "all hear of a change soon enough without").toBe(false);
    expect(offered(undefined), "it does not know where it is").toBe(false);
  });

  it("is another one if the first does not begin", async () => {
    offered("FRA");
    await pass(OFFER_MS - 1);
    expect(offered("FRA")).toBe(false);
    await pass(1);
    expect(offered("FRA")).toBe(true);
  });

  it("is another one shortly before the one that watches ends", async () => {
    offered("FRA");
    watch("FRA");
    await pass(LONGEST_WATCH_MS - 6_001);
    expect(offered("FRA")).toBe(false);
    await pass(1);
    expect(offered("FRA")).toBe(true);
    expect(answers, "the first still waits").toEqual([]);
  });

  it("is to begin as often as the pace leaves room for, and nobody for longer than a second ahead", () => {
    const afterMs = Array.from({ length: 40 }, (_, index) => watches.offer(`${index}`, CROWDED_MS));
    expect(afterMs.slice(0, 4)).toEqual([0, 50, 100, 150]);
    expect(afterMs.filter((ms) => ms !== null).length).toBe(21);
    expect(Math.max(...afterMs.map((ms) => ms ?? 0))).toBe(1_000);
  });
});

describe("nobody is asked for want of room", () => {
  it("of those that report, of those that are told, and of those that have watched for long", async () => {
    watch("FRA");
    hasRoom = false;
    expect(offered("LHR")).toBe(false);
    watches.adopt(NEXT);
    watch("AMS", 2);
    await settled();
    expect(answers).toMatchObject([{ at: "FRA", watch_after_ms: null }]);
    await pass(LONGEST_WATCH_MS);
    expect(answers[1]).toMatchObject({ at: "AMS", note: null, watch_after_ms: null });
  });
});

describe("who waits", () => {
  it("is answered with the next verdict, as soon as there is one", async () => {
    watch("FRA");
    await pass(3_000);
    expect(answers).toEqual([]);
    watches.adopt(NEXT);
    await settled();
    expect(answers).toMatchObject([{ at: "FRA", ms: 3_000 }]);
    expect(parseNote(answers[0]?.note ?? "")?.version).toBe(2);
    watches.adopt(reply(3).snapshot);
    await settled();
    expect(answers, "once").toHaveLength(1);
  });

  it("is answered at once if there is a newer one than it knows, and not with one that it knows", async () => {
    watches.adopt(NEXT);
    watch("FRA", 1);
    watch("AMS", 2);
    await settled();
    expect(answers.map(({ at }) => at)).toEqual(["FRA"]);
    watches.adopt(reply(3).snapshot);
    await settled();
    expect(answers.map(({ at }) => at)).toEqual(["FRA", "AMS"]);
  });

  it("is told the truth at once if it knows of a version that there is not, but asked again only as others are", async () => {
    watch("FRA", 99);
    await settled();
    expect(answers).toMatchObject([{ at: "FRA", ms: 0, watch_after_ms: null }]);
    expect(parseNote(answers[0]?.note ?? "")?.version).toBe(1);
    await pass(OFFER_MS - 1);
    expect(offered("FRA")).toBe(false);
    await pass(1);
    expect(offered("FRA")).toBe(true);
  });

  it("is told after a while that there is nothing", async () => {
    watch("FRA");
    await pass(LONGEST_WATCH_MS - 1);
    expect(answers).toEqual([]);
    await pass(1);
    expect(answers).toEqual([{ at: "FRA", ms: LONGEST_WATCH_MS, note: null, watch_after_ms: 0 }]);
  });

  it("is not asked again if another one of its data centre watches by then", async () => {
    watch("FRA");
    await pass(LONGEST_WATCH_MS - 6_000);
    watch("FRA");
    await pass(6_000);
    expect(answers).toMatchObject([{ watch_after_ms: null }]);
  });

  it("is asked again alone where another one of its data centre waits, or there would be one more each time", async () => {
    watch("FRA");
    watch("FRA");
    watches.adopt(NEXT);
    await settled();
    expect(answers.map(({ watch_after_ms }) => watch_after_ms)).toEqual([0, null]);
  });

  it("is asked again after it was told, one after the other as the pace leaves room", async () => {
    for (let name = 0; name < 330; name++) watch(`${name}`);
    watches.adopt(NEXT);
    await settled();
    const afterMs = answers.map(({ watch_after_ms }) => watch_after_ms ?? Number.NaN);
    expect([afterMs.length, afterMs[0], afterMs[1], afterMs[329]]).toEqual([330, 0, 50, 16_450]);
    expect(offered("0"), "nobody takes their places").toBe(false);
    expect(offered("elsewhere"), "nor the room for their calls").toBe(false);
  });

  it("is told that there is nothing when the pool is removed, and while it is", async () => {
    watch("FRA");
    watches.adopt(null);
    watch("AMS");
    await settled();
    expect(answers.map(({ at }) => at).sort()).toEqual(["AMS", "FRA"]);
    for (const answer of answers) expect(answer).toMatchObject({ note: null, watch_after_ms: null });
  });

  it("leaves no timer behind", async () => {
    for (const at of ["FRA", "AMS"]) watch(at);
    expect(time.pending).toBe(2);
    watches.adopt(NEXT);
    await settled();
    expect(time.pending).toBe(0);
  });
});
