/** What an isolate makes of a clock that is set back: nothing lasts longer for it. */
import { expect, it } from "vitest";
import { parsePool } from "../../../src/config/parse.ts";
import { EdgePool } from "../../../src/edge/pool/edge-pool.ts";

const BACK_MS = 60_000;

function world(document: Record<string, unknown> = {}) {
  const parsed = parsePool({
    origins: ["a", "b", "c"].map((id) => ({ id, url: `https://${id}.example` })),
    ...document,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  const clock = { nowMs: 1_800_000_000_000 };
  const pool = new EdgePool(
    "p",
    () => 0.5,
    () => clock.nowMs,
  );
  pool.adoptConfig(parsed.value);
  const server = (id: string) => pool.server(id) ?? expect.fail(`no origin ${id}`);
  return { clock, pool, server };
}

it("an origin that could not be reached is not passed over for longer", () => {
  const { clock, pool, server } = world();
  pool.ended(server("a"), "connect_failure", 1);
  clock.nowMs += 999;
  expect([...pool.recentlyUnreachable.list()]).toEqual([server("a")]);
  clock.nowMs -= BACK_MS;
  expect([...pool.recentlyUnreachable.list()]).toEqual([]);
});

it("an object that fails is known to be out of reach two seconds later, not a minute", () => {
  const { clock, pool, server } = world({ rate_limit: 10 });
  const limiter = server("a").leased ?? expect.fail("there is a limit");
  pool.rates.unanswered(clock.nowMs, "timeout");
  clock.nowMs -= BACK_MS;
  for (let i = 0; i < 4; i++) {
    pool.rates.unanswered(clock.nowMs, "timeout");
    clock.nowMs += 700;
  }
  expect(limiter.failStatic).toBe(true);
});
