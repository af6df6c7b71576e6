/** What isolates of one data centre tell one another of origins that they could not reach, beside the object's verdict. */
import { describe, expect, it } from "vitest";
import { noteOf, shapeOf } from "../../../src/contract/verdict-note.ts";
import { parseNote } from "../../../src/edge/pool/verdict-notes.ts";
import { DataCenter, type Isolate, reply } from "../../support/data-center.ts";

const HOUR_MS = 3_600_000;

/** So many isolates that know the same and look for notes, each at a time of its own. */
async function crowd(count: number, aheadMs: (index: number) => number = () => 0) {
  const place = new DataCenter();
  const isolates: Isolate[] = [];
  for (let index = 0; index < count; index++) {
    const isolate = await place.isolate(aheadMs(index)).answered(reply(1));
    isolates.push(isolate.request());
  }
  await place.pass(2_000);
  place.writes = 0;
  const [first, second, third, fourth] = isolates;
  if (first === undefined || second === undefined || third === undefined || fourth === undefined)
    throw new RangeError("at least four");
  return { place, isolates, first, second, third, fourth };
}

const passing = (isolates: readonly Isolate[], id = "a") =>
  isolates.filter(({ passedOver }) => passedOver.includes(id)).length;

describe("an origin that isolates cannot reach", () => {
  it("is passed over by all of their data centre a second later, once two have found it so", async () => {
    const { place, isolates, first, second } = await crowd(6);
    first.request("a");
    await place.pass(1_500);
    expect([passing(isolates), place.suspected], "one may be wrong").toEqual([1, { 0: 1 }]);
    second.request("a");
    await place.pass(1_500);
    expect([passing(isolates), place.suspected]).toEqual([6, { 0: 2 }]);
    expect(
      isolates.flatMap(({ out }) => out),
      "only while an equal is left",
    ).toEqual([]);
    expect(place.writes).toBe(2);
  });

  it("is no more suspect for an isolate that cannot reach it twice, nor for those that heard of it", async () => {
    const { place, isolates, first, second } = await crowd(6);
    for (let times = 0; times < 5; times++) {
      first.request("a");
      await place.pass(1_000);
    }
    expect([passing(isolates), place.suspected, place.writes]).toEqual([1, { 0: 1 }, 1]);
    second.request("a");
    await place.pass(1_500);
    expect(passing(isolates)).toBe(6);
    await place.pass(15_000);
    expect([place.suspected, place.writes], "nobody has repeated it").toEqual([{ 0: 2 }, 2]);
  });

  it("is written down by two, however many find it so", async () => {
    const { place, isolates } = await crowd(20);
    for (const isolate of isolates) {
      isolate.request("a");
      await place.pass(10);
    }
    await place.pass(5_000);
    expect([place.suspected, place.writes]).toEqual([{ 0: 2 }, 2]);
  });

  it("is tried again after three seconds, whatever the note goes on saying", async () => {
    const { place, first, second, third, fourth } = await crowd(4);
    first.request("a");
    await place.pass(100);
    second.request("a");
    await place.pass(3_000);
    expect(passing([third, fourth])).toBe(2);
    await place.pass(1_100);
    expect([passing([third, fourth]), place.suspected]).toEqual([0, { 0: 2 }]);
    await place.pass(10_000);
    expect(passing([third, fourth]), "and not passed over anew").toBe(0);
  });

  it.each([
    ["is hours ahead", HOUR_MS],
    ["is hours behind", -HOUR_MS],
    ["agrees", 0],
  ])("lasts as long for an isolate whose clock %s", async (_, aheadMs) => {
    const { place, first, second, fourth } = await crowd(4, (index) => (index === 3 ? aheadMs : 0));
    first.request("a");
    await place.pass(100);
    second.request("a");
    await place.pass(1_100);
    expect(fourth.passedOver).toEqual(["a"]);
    await place.pass(3_000);
    expect(fourth.passedOver).toEqual([]);
  });

  it("is not passed over for longer by an isolate whose clock is set back", async () => {
    const { place, first, second, fourth } = await crowd(4);
    first.request("a");
    await place.pass(100);
    second.request("a");
    await place.pass(1_100);
    expect(fourth.passedOver).toEqual(["a"]);
    place.nowMs -= HOUR_MS;
    expect(fourth.passedOver).toEqual([]);
  });
});

describe("an isolate that reaches the origin", () => {
  it("uses it at once, and a second later all do that did not fail themselves", async () => {
    const { place, isolates, first, second, third, fourth } = await crowd(6);
    first.request("a");
    await place.pass(100);
    second.request("a");
    await place.pass(1_100);
    expect(passing(isolates)).toBe(6);
    third.request("a", true);
    expect([third.passedOver, fourth.passedOver]).toEqual([[], ["a"]]);
    await place.pass(2_000);
    expect([passing(isolates), place.suspected]).toEqual([2, { 0: 0 }]);
  });

  it("takes back what one had found, so that a second one much later is the first again", async () => {
    const { place, isolates, first, second, third } = await crowd(6);
    first.request("a");
    for (let times = 0; times < 20; times++) {
      await place.pass(100);
      third.request("a", true);
    }
    expect(place.suspected).toEqual({ 0: 0 });
    second.request("a");
    await place.pass(1_100);
    expect([passing(isolates), place.suspected]).toEqual([2, { 0: 1 }]);
  });

  it("does not believe what it hears within 300 ms", async () => {
    const { place, isolates, third, fourth } = await crowd(6);
    place.text = JSON.stringify({
      ...parseNote(place.text ?? ""),
      unreachable: { 0: ["x", "y"], 1: ["x", "y"] },
    });
    for (const isolate of isolates) isolate.pool.ended(must(isolate, "a"), "success", 1);
    await third.notes.look();
    expect([third.passedOver, place.suspected]).toEqual([["b"], { 0: 0, 1: 2 }]);
    await fourth.notes.look();
    expect(fourth.passedOver).toEqual(["b"]);
  });
});

describe("the object's verdict", () => {
  it("that an origin is out takes the place of what isolates say of it, and of nothing else", async () => {
    const { place, isolates, first, second, third } = await crowd(6);
    first.request("a").request("b");
    await place.pass(600);
    second.request("a").request("b");
    await place.pass(1_600);
    expect([place.suspected, passing(isolates, "b")]).toEqual([{ 0: 2, 1: 2 }, 6]);
    await third.answered(reply(2, ["a"]));
    await place.pass(1_100);
    expect(isolates.map(({ out }) => out.join())).toEqual(isolates.map(() => "a"));
    expect([place.version, place.suspected]).toEqual([2, { 0: 0, 1: 2 }]);
    await place.pass(5_000);
    await third.answered(reply(3));
    await place.pass(1_100);
    expect(passing(isolates, "a"), "it is back, and nothing of before counts").toBe(0);
  });

  it("of another configuration leaves nothing of it, for places differ", async () => {
    const { place, first, second, third } = await crowd(6);
    first.request("a");
    await place.pass(100);
    second.request("a");
    await place.pass(1_600);
    expect(place.suspected).toEqual({ 0: 2 });
    await third.answered(reply(2, [], { algorithm: "random" }));
    expect([place.version, place.suspected]).toEqual([2, {}]);
    await first.request("b").notes.look();
    expect(place.suspected, "an isolate of the former one adds nothing").toEqual({});
  });
});

describe("a note", () => {
  const { snapshot } = reply(7);
  if (snapshot === null) throw new Error("there is one");
  const { config } = snapshot;
  const good = noteOf({ version: 7, config, states: new Map() }, shapeOf("p", config));

  it.each<unknown>([7, "ab", ["ab"], { 0: "ab" }, { 0: null }, { 0: 3, 1: ["x"] }, null, true])(
    "that says %j of what cannot be reached says nothing of it, and still has its verdict",
    async (unreachable) => {
      const { place, first } = await crowd(4);
      place.text = JSON.stringify({ ...good, unreachable });
      await first.notes.look();
      expect([first.passedOver, place.version]).toEqual([[], 7]);
      expect(first.pool.notesTaken).toBe(1);
    },
  );

  it("of places that there are not, and of more isolates than are needed, is read", async () => {
    const { place, first } = await crowd(4);
    place.text = JSON.stringify({
      ...good,
      unreachable: { 1: ["x", "y", "z"], 2: ["x", "y"], x: ["x", "y"] },
    });
    await first.notes.look();
    expect(first.passedOver).toEqual(["b"]);
  });

  it("of a version without that field is read and kept as it is while nothing fails", async () => {
    const { place } = await crowd(4);
    expect(Object.keys(JSON.parse(place.text ?? "{}"))).toEqual(["form", "version", "shape", "origins"]);
    expect(place.writes).toBe(0);
  });
});

function must(isolate: Isolate, id: string) {
  return isolate.pool.server(id) ?? expect.fail(`no origin ${id}`);
}
