/** When an isolate looks for a note, and when it leaves one. */
import { describe, expect, it } from "vitest";
import { DataCenter, reply } from "../../support/data-center.ts";

describe("an isolate", () => {
  it("takes what another one has left within a second, and reports that it did", async () => {
    const place = new DataCenter();
    const [first, second] = [
      await place.isolate().answered(reply(1)),
      await place.isolate().answered(reply(1)),
    ];
    await second.watches(5_000);
    await first.answered(reply(2, ["a"]));
    expect(second.out).toEqual([]);
    await second.watches(1_000);
    expect([second.out, second.pool.notesTaken, second.pool.activePool?.version]).toEqual([["a"], 1, 1]);
    await second.watches(5_000);
    expect(second.pool.notesTaken, "once").toBe(1);
  });

  it("looks once a second, and twenty times for one request at most", async () => {
    const place = new DataCenter();
    const isolate = await place.isolate().answered(reply(1));
    const before = place.reads;
    await isolate.watches(10_500);
    expect(place.reads - before).toBe(10);
    await place.pass(60_000);
    expect(place.reads - before).toBe(20);
    await isolate.watches(500);
    expect(place.reads - before, "another request").toBe(21);
  });

  it("looks once a second, however many requests it has, for as long as they come", async () => {
    const place = new DataCenter();
    const isolate = await place.isolate().answered(reply(1));
    const before = place.reads;
    for (let requests = 0; requests < 120; requests++) await isolate.watches(500);
    expect(place.reads - before).toBeGreaterThanOrEqual(58);
    expect(place.reads - before).toBeLessThanOrEqual(60);
    // Who takes over may wait beside the former for once.
    expect(place.waits, "in the background of one request at a time").toBeLessThanOrEqual(60 + 6);
  });

  it("that tells of an origin which it cannot reach looks twice a second at most, and goes on as before", async () => {
    const place = new DataCenter();
    const isolate = await place.isolate().answered(reply(1));
    const before = place.reads;
    for (let requests = 0; requests < 40; requests++) {
      isolate.request("a");
      await place.pass(100);
    }
    expect(place.reads - before, "requests fail there again and again").toBeLessThanOrEqual(8);
    await isolate.watches(1_000);
    const afterwards = place.reads;
    await isolate.watches(4_000);
    expect(place.reads - afterwards).toBe(4);
  });

  it("looks again after its clock was set back", async () => {
    const place = new DataCenter();
    const isolate = await place.isolate().answered(reply(1));
    await isolate.watches(500);
    place.nowMs -= 3_600_000;
    const before = place.reads;
    await isolate.watches(500);
    expect(place.reads - before).toBe(1);
  });

  it("leaves a note if there is none, or an older one, and none if it would say nothing new", async () => {
    const place = new DataCenter();
    const isolate = await place.isolate().answered(reply(7));
    expect([place.version, place.writes]).toEqual([7, 1]);
    for (const answer of [reply(7), { ...reply(7), snapshot: null }]) await isolate.answered(answer);
    await place.isolate().answered(reply(7));
    expect(place.writes, "it looked before it wrote").toBe(1);
    await isolate.answered(reply(8));
    expect([place.version, place.writes]).toEqual([8, 2]);
    place.text = null;
    await isolate.watches(1_000);
    await isolate.answered({ ...reply(8), snapshot: null });
    expect([place.version, place.writes], "the cache has forgotten it").toEqual([8, 3]);
  });

  it("puts an older note right that has taken the place of its own, without asking the object again", async () => {
    const place = new DataCenter();
    const [first, second] = [place.isolate(), place.isolate()];
    for (const isolate of [first, second]) await isolate.answered(reply(1));
    const older = place.text;
    await first.answered(reply(2, ["a"]));
    place.text = older;
    first.request();
    await second.watches(3_000);
    expect([place.version, second.out]).toEqual([2, ["a"]]);
    expect(place.writes, "once").toBe(3);
  });

  it("does not replace a newer note that came while it asked", async () => {
    const place = new DataCenter();
    const isolate = await place.isolate().answered(reply(1));
    const askedMs = place.nowMs;
    await place.isolate().answered(reply(3));
    await isolate.notes.look();
    isolate.pool.apply(reply(2), askedMs);
    await isolate.notes.leave(askedMs);
    expect(place.version).toBe(3);
  });

  it.each([
    ["a note that the object contradicts", JSON.stringify({ form: 1, version: 99, shape: "0", origins: [] })],
    ["what is no note", "<html>"],
    ["a note of a form that it does not know", '{"form":2}'],
  ])("replaces %s", async (_name, text) => {
    const place = new DataCenter();
    place.text = text;
    const isolate = await place.isolate().answered(reply(5));
    await isolate.watches(1_500);
    await isolate.answered(reply(6));
    expect(place.version).toBe(6);
  });
});
