import { describe, expect, it } from "vitest";
import { parsePool } from "../../../src/config/parse.ts";
import { LoadBalancer } from "../../../src/core/load-balancer.ts";
import { Server } from "../../../src/core/server/server.ts";
import { StrictPicker } from "../../../src/pool/leases/strict-picker.ts";
import { WELL } from "../../support/well.ts";

const IDS = ["a", "b", "c"];

/** Origins that a strict pool picks for one client, whose requests all stay open. */
function strictPicks(fields: object, count: number): (string | null)[] {
  const parsed = parsePool({
    ...fields,
    coordination: "strict",
    origins: IDS.map((id) => ({ id, url: `https://${id}.example.com` })),
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  let position = 0;
  const picker = new StrictPicker({
    now: () => 1_000_000,
    cursor: { next: () => position++ },
    limiter: () => null,
  });
  picker.adopt({
    version: 1,
    config: parsed.value,
    origins: Object.fromEntries(IDS.map((id) => [id, WELL])),
  });
  return Array.from(
    { length: count },
    (_, i) =>
      picker.pick({
        isolate: "one",
        attempt: `r${i}`,
        client_ip: "192.0.2.7",
        key: "",
        pinned: null,
        tried: [],
      }).origin,
  );
}

describe("a strict pool picks as the core does in one process", () => {
  it("keeps a client's address at one origin, however many of its requests are open and whatever bound a hash has", () => {
    const alone = new LoadBalancer(
      IDS.map((id) => new Server(id, 0, 1, { id })),
      { sticky: { method: "ip" } },
    );
    const expected = alone.route({ clientIp: "192.0.2.7" })?.id;
    const fields = { algorithm: "round_robin", sticky: { method: "ip" }, hash_balance_factor: 100 };
    expect(strictPicks(fields, 12)).toEqual(Array(12).fill(expected));
  });

  it("bounds the load of a hashed key where the algorithm hashes", () => {
    const fields = { algorithm: "consistent_hash", hash_balance_factor: 100 };
    const picks = strictPicks(fields, 12);
    expect(IDS.map((id) => picks.filter((pick) => pick === id).length)).toEqual([4, 4, 4]);
  });

  it("fills origins in their order with first", () => {
    expect(strictPicks({ algorithm: "first" }, 3)).toEqual(["a", "a", "a"]);
  });
});
