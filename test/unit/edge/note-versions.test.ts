/**
 * Isolates and objects of two versions of this program, while a deploy is under way: neither is misled by what the other
 * one says of an object's verdict, and neither undoes it again and again.
 */
import { describe, expect, it } from "vitest";
import type { PoolSnapshot, SyncReply } from "../../../src/contract/sync.ts";
import { noteOf, shapeOf } from "../../../src/contract/verdict-note.ts";
import { DataCenter, type Isolate, reply } from "../../support/data-center.ts";
import { noteBy, out, watching } from "../../support/watching.ts";

/** The configuration is another one for a version that understands it otherwise. */
const OTHER = { algorithm: "random" };

/** What an object that knows of more fields says. */
function ofTomorrow(answer: SyncReply): SyncReply & { snapshot: PoolSnapshot } {
  const snapshot = answer.snapshot ?? expect.fail("it has a snapshot");
  const config = { ...snapshot.config, of_tomorrow: 1 } as PoolSnapshot["config"];
  return { ...answer, snapshot: { ...snapshot, config } };
}

async function isolates(...answers: SyncReply[]): Promise<{ place: DataCenter; all: Isolate[] }> {
  const place = new DataCenter();
  const all = [];
  for (const answer of answers) all.push(await place.isolate().answered(answer));
  return { place, all };
}

describe("a note of a version that knows of more", () => {
  it.each([
    ["of the pool", { of_tomorrow: { more: true } }],
    ["of what could not be reached", { unreachable: "by other means" }],
  ])("%s is taken for what both understand", async (_, more) => {
    const { place, all } = await isolates(reply(1), reply(1));
    place.text = JSON.stringify({ ...JSON.parse(noteBy(reply(2, ["a"]))), ...more });
    for (const isolate of all) await isolate.watches(1_100);
    expect(out(...all)).toEqual(["a", "a"]);
  });

  it.each([
    ["in another form", { form: 2 }],
    [
      "with more of an origin",
      {
        origins: [
          [19, 1, 1, 5],
          [17, 1, 1, 5],
        ],
      },
    ],
    [
      "with a flag that is not known here",
      {
        origins: [
          [64, 1, 1],
          [17, 1, 1],
        ],
      },
    ],
  ])("%s changes nothing, and stays until an isolate's turn", async (_, more) => {
    const { place, all } = await isolates(reply(1), reply(1));
    place.text = JSON.stringify({ ...JSON.parse(noteBy(reply(2, ["a"]))), ...more });
    const { writes } = place;
    for (const isolate of all) await isolate.watches(5_000);
    expect([out(...all), place.writes - writes]).toEqual([["", ""], 0]);
  });
});

describe("isolates of two versions, which understand a configuration in two ways,", () => {
  it("do not take each other's notes, nor put their own in their place", async () => {
    const { place, all } = await isolates(reply(1), reply(1, [], OTHER));
    const [today, tomorrow] = all as [Isolate, Isolate];
    await today.answered(reply(2, ["a"]));
    const { writes } = place;
    for (let seconds = 0; seconds < 10; seconds++) {
      for (const isolate of all) await isolate.watches(500);
    }
    expect([out(today, tomorrow), place.writes - writes]).toEqual([["a", ""], 0]);
    await tomorrow.answered(reply(2, ["a"], OTHER));
    for (const isolate of all) await isolate.watches(2_000);
    expect([out(today, tomorrow), place.writes - writes], "the verdict is told already").toEqual([
      ["a", "a"],
      0,
    ]);
  });

  it("say nothing of what the other one could not reach", async () => {
    const { place, all } = await isolates(reply(1), reply(1), reply(1), reply(1, [], OTHER));
    const [first, second, third, tomorrow] = all as [Isolate, Isolate, Isolate, Isolate];
    for (const isolate of all) isolate.request();
    await place.pass(1_100);
    for (const isolate of [first, second]) isolate.request("b");
    await place.pass(1_600);
    expect([third.passedOver, tomorrow.passedOver]).toEqual([["b"], []]);
  });
});

describe("an object of another version", () => {
  it("has its snapshot's note taken, or ignored, but never for another origin", async () => {
    const { place, all } = await isolates(ofTomorrow(reply(1)));
    const { version, config, origins } = ofTomorrow(reply(2, ["b"])).snapshot;
    place.text = JSON.stringify(
      noteOf({ version, config, states: new Map(Object.entries(origins)) }, shapeOf("p", config)),
    );
    for (const isolate of all) await isolate.watches(1_100);
    expect(["", "b"]).toContain(all[0]?.out.join());
  });

  it("tells who watches of a configuration that it understands otherwise once, not again and again", async () => {
    const { place, isolate, calls, again, watch } = await watching();
    calls.answer(noteBy(reply(2, ["a"], OTHER)), 0);
    await place.pass(100);
    expect(out(isolate)).toEqual([""]);
    expect(watch.begins(), "it is asked to watch on").toBe(true);
    await again();
    expect(calls.requests.map(({ version }) => version)).toEqual([1, 2]);
  });

  it("that does not know of watches ends them, and asks for none", async () => {
    const { place, calls, watch, isOver } = await watching();
    calls.fail();
    await place.pass(60_000);
    expect([isOver(), watch.begins(), calls.requests.length]).toEqual([true, false, 1]);
  });
});
