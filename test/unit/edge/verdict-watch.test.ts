/** An isolate that the object has asked to tell its data centre of the next verdict. */
import { describe, expect, it } from "vitest";
import { OFFER_MS } from "../../../src/contract/verdict-watch.ts";
import { VerdictWatch } from "../../../src/edge/sync/verdict-watch.ts";
import { DataCenter, reply } from "../../support/data-center.ts";
import { Calls, noteBy, out, watching } from "../../support/watching.ts";

describe("an isolate that watches", () => {
  it("goes by the verdict at once, and its neighbours with their next look", async () => {
    const { place, isolate, neighbour, calls } = await watching();
    expect(calls.requests).toEqual([{ data_center: "FRA", version: 1 }]);
    calls.answer(noteBy(reply(2, ["a"])));
    await place.pass(0);
    expect([out(isolate, neighbour), place.version]).toEqual([["a", ""], 2]);
    await neighbour.watches(1_000);
    expect(out(neighbour)).toEqual(["a"]);
    expect(isolate.pool.activePool?.version, "the object itself still has to send the snapshot").toBe(1);
  });

  it("tells what its neighbours could not reach as well", async () => {
    const { place, neighbour, calls } = await watching();
    await place.pass(1_000);
    neighbour.request("b");
    await place.pass(1_000);
    expect(place.suspected).toEqual({ 1: 1 });
    calls.answer(noteBy(reply(2, ["a"])));
    await place.pass(0);
    expect([place.version, place.suspected]).toEqual([2, { 1: 1 }]);
  });

  it("does not ask for a verdict that it cannot use, because it is of another configuration", async () => {
    const { place, isolate, calls, again } = await watching();
    calls.answer(noteBy(reply(2, ["a"], { algorithm: "random" })));
    await place.pass(0);
    expect([out(isolate), isolate.pool.verdict.newest]).toEqual([[""], 1]);
    await again();
    expect(calls.requests[1]?.version).toBe(2);
  });

  it("does not ask for it again where no cache keeps a note either", async () => {
    const { place, isolate, calls, again } = await watching();
    calls.answer(noteBy(reply(2, ["a"], { algorithm: "random" })));
    await place.pass(0);
    place.text = null;
    await isolate.watches(1_000);
    place.text = null;
    await isolate.watches(1_000);
    await again();
    expect(calls.requests[1]?.version).toBe(2);
  });

  it.each(["<html>", JSON.stringify({ form: 2, version: 3 })])(
    "does not watch again when it can make nothing of %s, which it would be told at once",
    async (text) => {
      const { place, watch, calls } = await watching();
      calls.answer(text, 0);
      await place.pass(100);
      expect(watch.begins()).toBe(false);
    },
  );

  it("puts the note right that another isolate undid at the same moment", async () => {
    const { place, isolate, neighbour, calls } = await watching();
    const before = place.text;
    calls.answer(noteBy(reply(2, ["a"])));
    await place.pass(0);
    place.text = before;
    await isolate.watches(1_100);
    expect(place.version).toBe(2);
    await neighbour.watches(1_000);
    expect(out(neighbour)).toEqual(["a"]);
  });

  it.each([
    null,
    undefined,
    {},
    [],
    "",
    0,
    { note: undefined, watch_after_ms: undefined },
    { note: {}, watch_after_ms: "0" },
    { note: 5, watch_after_ms: Number.NaN },
    { watch_after_ms: {} },
  ])("ends, as if there were nothing new and nobody to watch, when it is answered %j", async (value) => {
    const { place, isolate, watch, calls, isOver } = await watching();
    calls.say(value);
    await place.pass(100);
    expect([isOver(), out(isolate), place.version, watch.begins()]).toEqual([true, [""], 1, false]);
    watch.ask(0);
    expect(watch.begins(), "when it is asked the next time").toBe(true);
  });

  it("makes nothing of what is no note", async () => {
    const { place, isolate, calls } = await watching();
    calls.answer("<html>of a later version</html>");
    await place.pass(0);
    expect([out(isolate), place.version]).toEqual([[""], 1]);
  });

  it("leaves no older note than there is", async () => {
    const { place, neighbour, calls } = await watching();
    await neighbour.answered(reply(3));
    await place.isolate().answered(reply(3));
    calls.answer(noteBy(reply(3)));
    const { writes } = place;
    await place.pass(0);
    expect(place.version).toBe(3);
    expect(place.writes - writes).toBeLessThanOrEqual(1);
  });

  it.each([
    ["there is nothing new", (calls: Calls) => calls.answer(null)],
    ["the call fails", (calls: Calls) => calls.fail()],
    ["it was told", (calls: Calls) => calls.answer(noteBy(reply(2)))],
  ])("ends when %s", async (_, act) => {
    const { place, calls, isOver } = await watching();
    expect(isOver()).toBe(false);
    act(calls);
    await place.pass(0);
    expect(isOver()).toBe(true);
    await place.pass(60_000);
    expect(calls.requests).toHaveLength(1);
  });
});

describe("an isolate that is asked to watch", () => {
  const place = new DataCenter();
  const { pool, notes } = place.isolate();
  let nowMs = 1_000_000;
  const asked = (afterMs: number): VerdictWatch => {
    const watch = new VerdictWatch(pool, notes, { now: () => nowMs, callPool: new Calls().callPool });
    watch.ask(afterMs);
    return watch;
  };

  it("begins once, with the first request that ends from then on", () => {
    const watch = asked(500);
    nowMs += 499;
    expect(watch.begins()).toBe(false);
    nowMs += 1;
    expect([watch.begins(), watch.begins()]).toEqual([true, false]);
  });

  it("does not begin when it is too late: another one was asked", () => {
    const watch = asked(500);
    nowMs += 500 + OFFER_MS;
    expect(watch.begins()).toBe(false);
    nowMs -= 1_000;
    expect(watch.begins(), "nor after its clock was set back").toBe(false);
  });

  it("does not begin unless it is asked", () => {
    expect(new VerdictWatch(pool, notes, { now: () => nowMs, callPool: new Calls().callPool }).begins()).toBe(
      false,
    );
  });

  it("may be asked again by the answer to its watch", async () => {
    const { place: at, watch, calls } = await watching();
    calls.answer(noteBy(reply(2)), 2_000);
    await at.pass(1_900);
    expect(watch.begins()).toBe(false);
    await at.pass(200);
    expect(watch.begins()).toBe(true);
  });
});
