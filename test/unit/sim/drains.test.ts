/** A drain ends when nothing is left: not before that can be known, and not long after. */
import { expect, it } from "vitest";
import { memorySql } from "../../../sim/lib/memory-sql.ts";
import { VirtualObject } from "../../workers/virtual-object.ts";

const ORIGINS = ["a", "b"].map((id) => ({ id, url: `https://${id}.example` }));
const DEADLINE_S = 300;

class Pool {
  readonly object = new VirtualObject(memorySql(), { origins: ORIGINS, drain_timeout: DEADLINE_S });
  #sequence = 0;
  #alarmMs = Number.POSITIVE_INFINITY;

  sync(isolate: string, active: Record<string, number>, snapshot = 0) {
    return this.object.controller.sync({
      isolate,
      sequence: ++this.#sequence,
      snapshot,
      active,
      origins: {},
      demand: { requests: 1, elapsed_ms: 1_000 },
      cursor: { want: 0, returned: [] },
    });
  }

  drain(origin = "a"): void {
    expect(this.object.controller.drain(origin)).toBe(true);
  }

  /** Time goes on, with the object's alarms, and what `each` does every 100 ms. */
  async run(ms: number, each: () => void = () => {}): Promise<void> {
    for (const endMs = this.object.nowMs + ms; this.object.nowMs < endMs; ) {
      this.object.nowMs += 100;
      each();
      if (this.#alarmMs <= this.object.nowMs) {
        await this.object.controller.run();
        this.#alarmMs = Number.POSITIVE_INFINITY;
      }
      this.#alarmMs = Math.min(this.#alarmMs, this.object.controller.nextRunMs());
    }
  }

  /** How the drain of `a` ended; null: it has not. */
  get ended(): string | null {
    return this.object.events("drained")[0]?.detail ?? null;
  }
}

it("an unused origin is drained after 3 s", async () => {
  const pool = new Pool();
  pool.drain();
  await pool.run(2_900);
  expect(pool.ended).toBeNull();
  await pool.run(5_100);
  expect(pool.ended).toBe("nothing left");
});

it("a restart of the object ends no drain while isolates have open requests", async () => {
  const pool = new Pool();
  pool.sync("x", { a: 7 });
  pool.drain();
  await pool.run(5_000, () => pool.sync("x", { a: 7 }));
  pool.object.restart();
  // A call was under way, and failed; the next comes after a back-off.
  await pool.run(6_000);
  expect(pool.ended).toBeNull();
  await pool.run(30_000, () => pool.sync("x", { a: 7 }));
  expect(pool.ended).toBeNull();
  await pool.run(6_000, () => pool.sync("x", {}));
  expect(pool.ended).toBe("nothing left");
});

it("a restart of the object does not remove an origin whose drain is under way either", async () => {
  const pool = new Pool();
  pool.sync("x", { a: 7 });
  const document = JSON.stringify({ origins: ORIGINS.slice(1), drain_timeout: DEADLINE_S });
  pool.object.controller.applyConfig({ text: document, updatedAt: pool.object.nowMs + 1 });
  await pool.run(5_000, () => pool.sync("x", { a: 7 }));
  pool.object.restart();
  await pool.run(6_000);
  expect(pool.object.controller.state().originStates.record("a")).not.toBeNull();
});

it("open requests of an isolate that vanished in the restart are waited for like those of any vanished isolate", async () => {
  const pool = new Pool();
  pool.sync("x", { a: 7 });
  pool.drain();
  pool.object.restart();
  await pool.run(20_000);
  expect(pool.ended).toBe("nothing left");
});

it("the open requests of the last isolate are forgotten when it vanishes, though no other isolate calls", async () => {
  const pool = new Pool();
  pool.sync("x", { a: 3 });
  pool.drain();
  await pool.run(10_000);
  expect(pool.ended).toBeNull();
  await pool.run(10_000);
  expect(pool.ended).toBe("nothing left");
});

it("a vanished isolate's open requests are not shown, though no isolate calls and no drain is under way", () => {
  const pool = new Pool();
  pool.sync("x", { a: 3 });
  pool.object.nowMs += 20_000;
  expect(pool.object.controller.state().isolates.active("a")).toBe(0);
});

it("2,000 isolates, which sync one after the other, all know of a drain and have reported their earlier picks before it ends", async () => {
  const pool = new Pool();
  const { object } = pool;
  const startMs = object.nowMs;
  const isolates = Array.from({ length: 2_000 }, (_, i) => {
    return { id: `i${i}`, dueMs: startMs + i / 2, snapshot: 0, calls: 0 };
  });
  const callThoseDue = (): void => {
    for (const isolate of isolates) {
      if (isolate.dueMs > object.nowMs) continue;
      const reply = pool.sync(isolate.id, {}, isolate.snapshot);
      isolate.snapshot = reply.snapshot?.version ?? isolate.snapshot;
      isolate.dueMs = object.nowMs + reply.next_sync_ms;
      isolate.calls++;
    }
  };
  await pool.run(150_000, callThoseDue);
  pool.drain();
  for (const isolate of isolates) isolate.calls = 0;
  await pool.run(100_000, () => {
    callThoseDue();
    if (pool.ended === null) return;
    // The first call brings the news, the second what was picked before it came.
    const behind = isolates.filter(({ calls }) => calls < 2).length;
    expect(behind, `isolates that were not heard, ${object.nowMs - startMs} ms on`).toBe(0);
  });
  expect(pool.ended).toBe("nothing left");
});
