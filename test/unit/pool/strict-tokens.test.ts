/** What picks of a strict pool take of a rate limit, against a plain list of when requests started. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePool } from "../../../src/config/parse.ts";
import { RateLimitAllocator } from "../../../src/core/rate-limit/rate-allocator.ts";
import { StrictLimiter } from "../../../src/pool/leases/strict-limiter.ts";
import { StrictPicker } from "../../../src/pool/leases/strict-picker.ts";
import { WELL } from "../../support/well.ts";

const SEED = 20_261_130;
const LIMIT = 3;
const NOBODY = { isolate: "one", client_ip: "", key: null, pinned: null, tried: [] };

function limiter(): StrictLimiter {
  const shares = new RateLimitAllocator(LIMIT);
  shares.tokensOnly = true;
  return new StrictLimiter(shares, () => {});
}

/** A strict pool of one origin with a limit. */
function strictPool(now: () => number): StrictPicker {
  const parsed = parsePool({ coordination: "strict", origins: [{ id: "a", url: "http://a.example" }] });
  if (!parsed.ok) throw new Error("not a pool");
  const limit = limiter();
  const picker = new StrictPicker({ now, cursor: { next: () => 0 }, limiter: () => limit });
  picker.adopt({ version: 1, config: parsed.value, origins: { a: WELL } });
  return picker;
}

describe("a token of a pick", () => {
  it("that is not sent is free again at once, and is only returned once", () => {
    const picker = strictPool(() => 0);
    const pick = (attempt: string) => picker.pick({ ...NOBODY, attempt }).origin;
    expect(["1", "2", "3", "4"].map(pick)).toEqual(["a", "a", "a", null]);
    const unsent = {
      isolate: "one",
      failed: false,
      latency_ms: 0,
      no_outcome: true,
      not_sent: true,
    } as const;
    picker.release({ ...unsent, attempt: "2" });
    picker.release({ ...unsent, attempt: "2" });
    expect(["5", "6"].map(pick)).toEqual(["a", null]);
  });

  it("whose client has left may have been sent: it counts for a second", () => {
    let nowMs = 0;
    const picker = strictPool(() => nowMs);
    const pick = (attempt: string) => picker.pick({ ...NOBODY, attempt }).origin;
    expect(["1", "2", "3"].map(pick)).toEqual(["a", "a", "a"]);
    picker.release({ isolate: "one", attempt: "2", failed: false, latency_ms: 0, no_outcome: true });
    expect(pick("4")).toBeNull();
    nowMs = 1_010;
    expect(["5", "6"].map(pick), "the others may have started as late as a second after their picks").toEqual(
      ["a", null],
    );
  });

  /** What becomes of a pick: sent so long after it, told of so long after that, or not sent, or never told of. */
  const fate = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("sent"), afterMs: fc.nat(999), toldMs: fc.nat(3_000) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("unsent"), afterMs: fc.nat(1_500), toldMs: fc.nat(500) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("lost"), afterMs: fc.nat(999), toldMs: fc.constant(0) }),
    },
  );

  it(`is never used twice: no second holds more starts than the limit (seed ${SEED})`, () => {
    let returned = 0;
    const check = (
      requests: { gapMs: number; fate: { kind: string; afterMs: number; toldMs: number } }[],
    ) => {
      const limit = limiter();
      const starts: number[] = [];
      const told: { atMs: number; tell: () => void }[] = [];
      let nowMs = 0;
      for (const { gapMs, fate } of requests) {
        nowMs += gapMs;
        for (const each of told.splice(0).sort((a, b) => a.atMs - b.atMs)) {
          if (each.atMs <= nowMs) each.tell();
          else told.push(each);
        }
        if (!limit.take(nowMs)) continue;
        const token = limit.lastGrant ?? 0;
        const startMs = nowMs + fate.afterMs;
        if (fate.kind !== "unsent") starts.push(startMs);
        else returned++;
        if (fate.kind === "lost") continue;
        const tell = fate.kind === "sent" ? () => limit.started(token, startMs) : () => limit.returned(token);
        told.push({ atMs: startMs + fate.toldMs, tell });
      }
      for (const fromMs of starts) {
        const within = starts.filter((atMs) => atMs >= fromMs && atMs < fromMs + 1_000);
        expect(within.length).toBeLessThanOrEqual(LIMIT);
      }
    };
    const requests = fc.array(fc.record({ gapMs: fc.nat(400), fate }), { minLength: 40, maxLength: 80 });
    fc.assert(fc.property(requests, check), { seed: SEED, numRuns: 500 });
    expect(returned).toBeGreaterThan(1_000);
  });
});

describe("a request that is refused for a limit", () => {
  it("has the limit as its reason, at whatever moment of the pick a token becomes free", () => {
    const seen = new Set<string>();
    for (let looks = 0; looks < 20; looks++) {
      let left = Number.POSITIVE_INFINITY;
      const picker = strictPool(() => (left-- > 0 ? 0 : 2_005));
      for (let i = 0; i < LIMIT; i++) picker.pick({ ...NOBODY, attempt: String(i) });
      // So many looks at the clock after which all tokens are free.
      left = looks;
      const { origin, retry_after_ms } = picker.pick({ ...NOBODY, attempt: "refused" });
      seen.add(
        origin === null ? `refused, ${retry_after_ms === null ? "and not told" : "and told"}` : "picked",
      );
    }
    expect(seen).toEqual(new Set(["picked", "refused, and told"]));
  });
});
