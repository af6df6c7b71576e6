/** A false note in a data centre's cache: of who can write to it, or of another isolate. */
import { describe, expect, it } from "vitest";
import { reply } from "../../support/data-center.ts";
import { noteBy, out, watching } from "../../support/watching.ts";

describe("a false note with a version that the object does not have", () => {
  /** As another isolate, or who can write to the cache, left it: `a` is out. */
  const left = async (more: object = {}) => {
    const world = await watching();
    const { place, isolate, neighbour, calls, again } = world;
    calls.answer(null);
    place.text = JSON.stringify({ ...JSON.parse(noteBy(reply(99, ["a"]))), ...more });
    for (const each of [isolate, neighbour]) await each.watches(1_100);
    await again();
    expect(calls.requests[1]?.version).toBe(99);
    return world;
  };

  it("is in force until the watch, which the object answers with its own at once", async () => {
    const { place, isolate, neighbour, calls } = await left();
    expect(out(isolate, neighbour)).toEqual(["a", "a"]);
    calls.answer(noteBy(reply(1)));
    await place.pass(0);
    expect([place.version, out(isolate)]).toEqual([1, [""]]);
    place.text = noteBy(reply(99, ["a"]));
    await isolate.watches(1_100);
    expect([place.version, out(isolate)], "nor is it believed again").toEqual([1, [""]]);
  });

  it("is replaced by what is newer than the isolate's own, too", async () => {
    const { place, isolate, neighbour, calls, again } = await left();
    calls.answer(noteBy(reply(2, ["b"])));
    await place.pass(0);
    expect([place.version, out(isolate)]).toEqual([2, ["b"]]);
    await neighbour.answered(reply(2, ["b"]));
    await again();
    expect(calls.requests[2]?.version, "the next watch is answered with what is new").toBe(2);
  });

  it("is replaced though it is of another configuration, and in force nowhere", async () => {
    const { place, isolate, calls, again } = await left({ shape: "0" });
    expect(out(isolate)).toEqual([""]);
    calls.answer(noteBy(reply(1)));
    await place.pass(0);
    expect(place.version).toBe(1);
    await again();
    expect(calls.requests[2]?.version).toBe(1);
  });
});
