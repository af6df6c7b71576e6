/**
 * The object's own load, on a virtual clock: however many isolates there are and whatever they want, calls stay at or
 * under 200 a second, those included that wait for a verdict, one of each data centre. Only first calls of cold isolates cannot be paced: nothing has been said to them yet.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { MOST_CALLS_PER_SECOND, PLANNED_PER_SECOND } from "../../src/pool/leases/pacer.ts";
import { share } from "../support/full.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { Crowd, type CrowdOptions } from "./crowd.ts";
import { VirtualObject } from "./virtual-object.ts";

const SEED = 20_261_124;
const ORIGINS = { origins: ["a", "b"].map((id) => ({ id, url: `http://${id}.example` })) };

let count = 0;

async function inWorld(
  act: (crowd: Crowd) => Promise<void>,
  document: Record<string, unknown> = ORIGINS,
  options: Partial<CrowdOptions> = {},
): Promise<void> {
  await runInDurableObject(env.UPSTREAM_POOL.getByName(`load-${++count}`), (_instance, state) => {
    const object = new VirtualObject(state.storage.sql, document);
    return act(new Crowd(object, { random: seededRandom(SEED), ...options }));
  });
}

describe("isolates with traffic", () => {
  const CROWDS = [
    [10, 60],
    [1_000, 60],
    [100_000, 1_300],
  ] as const;
  it.each(share(CROWDS, 2))(
    "%i of them, all born within a second, stay within the bound and all come back",
    async (isolates, seconds) => {
      await inWorld(async (crowd) => {
        crowd.grow(isolates, 1_000);
        await crowd.run(seconds * 500);
        // All who watch are told, and watch again.
        crowd.object.controller.drain("a");
        await crowd.run(seconds * 500);
        expect(crowd.watches > 0, "one of each data centre watches").toBe(isolates >= 1_000);
        expect(crowd.worstSecond(3)).toBeLessThanOrEqual(MOST_CALLS_PER_SECOND);
        expect(crowd.members.filter(({ sequence }) => sequence < 2)).toEqual([]);
        const fairS = Math.max(0.9, isolates / PLANNED_PER_SECOND);
        expect(crowd.longestPaceMs / 1_000, "nobody is kept waiting for long").toBeLessThan(1.3 * fairS + 1);
      });
    },
  );

  it(`are told the same pace as they are many: a second at ${PLANNED_PER_SECOND}, ten at ten times as many`, async () => {
    for (const [isolates, paceMs] of [
      [50, 900],
      [PLANNED_PER_SECOND, 1_000],
      [10 * PLANNED_PER_SECOND, 10_000],
    ] as const) {
      await inWorld(async (crowd) => {
        crowd.grow(isolates, 1_000);
        await crowd.run(60_000);
        const told = (crowd.lastReply?.next_sync_ms ?? 0) / paceMs;
        expect(Math.abs(told - 1), `${isolates} isolates, ${told} of ${paceMs} ms`).toBeLessThan(0.15);
      });
    }
  });

  it.each([10, 100, 1_000])(
    "%i of them with something to say at any time stay within the bound",
    async (isolates) => {
      await inWorld(
        async (crowd) => {
          crowd.grow(isolates, 1_000);
          await crowd.run(60_000);
          expect(crowd.worstSecond(3)).toBeLessThanOrEqual(MOST_CALLS_PER_SECOND);
        },
        ORIGINS,
        { isEager: true },
      );
    },
  );

  it("come and go, and the returning make room for the new", async () => {
    const random = seededRandom(SEED);
    await inWorld(async (crowd) => {
      crowd.grow(1_000, 1_000);
      for (let second = 0; second < 120; second++) {
        for (let i = 0; i < 50; i++) {
          const member = crowd.members[Math.floor(random() * crowd.members.length)];
          if (member !== undefined) member.alive = false;
        }
        crowd.grow(50, 1_000);
        await crowd.run(1_000);
      }
      expect(crowd.worstSecond(20)).toBeLessThanOrEqual(MOST_CALLS_PER_SECOND);
    });
  });

  it("come back to an object that lost its memory no faster than before", async () => {
    await inWorld(async (crowd) => {
      crowd.grow(10_000, 1_000);
      await crowd.run(100_000);
      crowd.object.restart();
      await crowd.run(200_000);
      expect(crowd.worstSecond(3)).toBeLessThanOrEqual(MOST_CALLS_PER_SECOND);
    });
  });

  it.each([
    [500, 2.8],
    [2_000, 11],
  ])("%i of them keep their pace of %f s through three restarts within 15 s", async (isolates, paceS) => {
    await inWorld(async (crowd) => {
      crowd.grow(isolates, 1_000);
      await crowd.run(200_000);
      crowd.longestPaceMs = 0;
      for (const restMs of [7_000, 7_000, 60_000]) {
        crowd.object.restart();
        await crowd.run(restMs);
      }
      // After each restart one of each data centre has to call anew to watch, and syncs make room for that.
      expect(crowd.longestPaceMs / 1_000).toBeLessThan(1.3 * paceS + 0.5);
      expect(crowd.worstSecond(200)).toBeLessThanOrEqual(MOST_CALLS_PER_SECOND);
    });
  });

  it("are forgotten when they vanish, and the pace is a second again", async () => {
    await inWorld(async (crowd) => {
      crowd.grow(2_000, 1_000);
      await crowd.run(30_000);
      for (const member of crowd.members) member.alive = false;
      await crowd.run(60_000);
      crowd.grow(1, 1);
      await crowd.run(10_000);
      expect(crowd.lastReply?.next_sync_ms).toBe(900);
      expect(crowd.object.controller.state().isolates.size).toBe(1);
      expect(crowd.lastReply?.active, "and so are their connections").toEqual({});
    });
  });
});

describe("isolates that find no token", () => {
  it.each([10, 100, 1_000])("%i of them stay within the bound, with their syncs", async (isolates) => {
    await inWorld(
      async (crowd) => {
        crowd.grow(isolates, 1_000);
        await crowd.run(60_000);
        expect(crowd.worstSecond(20)).toBeLessThanOrEqual(MOST_CALLS_PER_SECOND);
      },
      { ...ORIGINS, rate_limit: 100 },
      { asksFor: "a" },
    );
  });
});

describe("syncs", () => {
  it("write nothing to storage in the steady state", async () => {
    await inWorld(async (crowd) => {
      crowd.grow(150, 1_000);
      await crowd.run(2_000);
      const before = crowd.object.writes;
      await crowd.run(60_000);
      expect(crowd.object.writes - before, "calls: 60 times 150 or more").toBe(0);
    });
  });

  it("of a crowd write a mark now and then, and of a limited pool another", async () => {
    await inWorld(
      async (crowd) => {
        crowd.grow(3_000, 1_000);
        await crowd.run(60_000);
        const before = crowd.object.writes;
        await crowd.run(120_000);
        expect(crowd.object.writes - before, "four of each and a few").toBeLessThanOrEqual(12);
      },
      { ...ORIGINS, rate_limit: 1_000 },
      { asksFor: "a" },
    );
  });
});
