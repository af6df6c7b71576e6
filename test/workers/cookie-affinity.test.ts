import { describe, expect, it } from "vitest";
import type { PoolSnapshot } from "../../src/contract/sync.ts";
import { affinityTokens, configTokens, snapshotTokens } from "../../src/platform/affinity-tokens.ts";
import { SessionCookie } from "../../src/platform/session-cookie.ts";
import { AffinityTokenStore } from "../../src/pool/leases/affinity-tokens.ts";
import { SnapshotVersion } from "../../src/pool/storage/snapshot-version.ts";
import golden from "../golden/affinity.json";
import { MemoryMetadata } from "../support/memory-metadata.ts";
import { config, IDS, Isolate, NEW, NOW_MS, OLD, TTL_S } from "./cookie-isolate.ts";

describe("tokens", () => {
  it("are those of the golden vectors", async () => {
    for (const { secret, pool, origin, token } of golden.vectors) {
      expect(await affinityTokens(secret, pool, [origin])).toEqual({ [origin]: token });
    }
  });

  it("are the same from the object and from an isolate that only has the configuration", async () => {
    const env = { AFFINITY_SECRET: "new secret", AFFINITY_SECRET_PREVIOUS: "old secret" };
    expect(await configTokens(env, "api", config())).toEqual(await snapshotTokens(NEW, "api", IDS));
    expect(await configTokens({}, "api", config())).toBeNull();
    expect(await configTokens(env, "api", config({ sticky: { method: "ip" } }))).toBeNull();
  });
});

describe("a session", () => {
  it("stays through snapshots, and its cookie is renewed after a quarter of its time", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const { id, set } = isolate.serve(null);
    await isolate.snapshot(OLD);
    expect(isolate.serve(set)).toEqual({ id, set: null });
    expect(isolate.serve(set, NOW_MS + (TTL_S / 4) * 1_000 - 1_000)).toEqual({ id, set: null });
    const renewed = isolate.serve(set, NOW_MS + (TTL_S / 4) * 1_000);
    expect(renewed.id).toBe(id);
    expect(renewed.set?.split(".")[0]).toBe(set?.split(".")[0]);
    expect(renewed.set).not.toBe(set);
  });

  it("ends after its time, even if the client keeps the cookie", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const { set } = isolate.serve(null);
    const answers = IDS.map(() => isolate.serve(set, NOW_MS + (TTL_S + 1) * 1_000));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(IDS.length);
    for (const answer of answers) expect(answer.set).not.toBeNull();
  });

  it("survives a new secret, which renews its cookie; with the old one gone for good, it begins anew", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const { id, set: old } = isolate.serve(null);
    await isolate.snapshot(NEW);
    const { id: same, set } = isolate.serve(old);
    expect([same, set?.startsWith("__lb="), set === old]).toEqual([id, true, false]);
    expect(isolate.serve(set)).toEqual({ id, set: null });
    await isolate.snapshot({ current: "new secret" });
    expect(isolate.serve(set)).toEqual({ id, set: null });
    expect(isolate.serve(old).set).not.toBeNull();
  });

  it("moves to the origin that answered in the end, whatever was tried between", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const { id, set } = isolate.serve(null);
    const moved = isolate.serve(
      set,
      NOW_MS,
      IDS.filter((other) => other === id || other === "a" || other === "b").slice(0, 2),
    );
    expect(moved.id).not.toBe(id);
    expect(isolate.serve(moved.set)).toEqual({ id: moved.id, set: null });
  });

  it("moves in the same response when its origin is not eligible any more", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const { id, set } = isolate.serve(null);
    for (const state of [{ healthy: false }, { ejected: true }, { draining: true, drained: true }]) {
      await isolate.snapshot(OLD, { [id]: state });
      const moved = isolate.serve(set);
      expect([moved.id === id, moved.set === null]).toEqual([false, false]);
    }
  });

  it("stays with a draining origin until it is drained; new ones do not go there", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const { id, set } = isolate.serve(null);
    await isolate.snapshot(OLD, { [id]: { draining: true } });
    expect(isolate.serve(set)).toEqual({ id, set: null });
    for (let i = 0; i < 6; i++) expect(isolate.serve(null).id).not.toBe(id);
  });

  it("is served elsewhere while its origin is at its limit, and returns, even if elsewhere fails over", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const { id, set } = isolate.serve(null);
    isolate.server(id).activeConnections = 10;
    const others = IDS.filter((other) => other !== id);
    for (const failing of [[], others.slice(0, 1)]) {
      const guest = isolate.serve(set, NOW_MS, failing);
      expect([others.includes(guest.id), guest.set]).toEqual([true, null]);
    }
    isolate.server(id).activeConnections = 0;
    expect(isolate.serve(set)).toEqual({ id, set: null });
  });

  it("keeps at most three other pools' parts, and nothing else", async () => {
    const isolate = await new Isolate().snapshot(OLD);
    const part = (char: string) => `${char.repeat(22)}.t1`;
    const parts = ["A", "B", "C", "D"].map(part);
    const { set } = isolate.serve(`__lb=<x>~${parts.join("~")}; __lb=${parts[3]}`);
    expect(set?.split("=")[1]?.split("~").slice(1)).toEqual(parts.slice(0, 3));
  });
});

describe("a cookie that several pools share", () => {
  const STICKY = { method: "cookie", cookie_name: "__lb", ttl: TTL_S } as const;
  /** One release after the other: an origin of another id each time. */
  async function release(pool: string, number: number): Promise<SessionCookie<{ id: string }>> {
    const id = `release-${number}`;
    return new SessionCookie(STICKY, [{ id }], await snapshotTokens(OLD, pool, [id]));
  }

  it("keeps another pool's session through any number of releases", async () => {
    const others = await Promise.all(["x", "y", "z"].map((pool) => release(pool, 0)));
    let cookie = "";
    for (const other of others) {
      const { others: kept } = other.read(cookie, NOW_MS);
      cookie = other.write({ id: "release-0" }, kept, NOW_MS, true)?.split(";")[0] ?? "";
    }
    for (let number = 0; number < 8; number++) {
      const mine = await release("api", number);
      const reading = mine.read(cookie, NOW_MS);
      expect(reading.state).toBe("unknown");
      cookie = mine.write({ id: `release-${number}` }, reading.others, NOW_MS, true)?.split(";")[0] ?? "";
      for (const other of others) expect(other.read(cookie, NOW_MS).state).toBe("valid");
    }
  });

  it("keeps another pool's session from one secret to the next", async () => {
    const before = await release("api", 0);
    const tokens = await snapshotTokens(NEW, "api", ["release-1"]);
    const after = new SessionCookie(STICKY, [{ id: "release-1" }], tokens);
    const cookie = before.write({ id: "release-0" }, [], NOW_MS, true)?.split(";")[0] ?? "";
    expect(after.read(cookie, NOW_MS)).toMatchObject({ state: "unknown", others: [] });
  });

  it("accepts and keeps the parts of earlier versions, which have no tag", async () => {
    const mine = await release("api", 0);
    const own = mine.write({ id: "release-0" }, [], NOW_MS, true)?.split(";")[0] ?? "";
    const untagged = own.replace(/\.[\w-]{6}$/, "");
    const foreign = `${"A".repeat(22)}.t1`;
    expect(untagged).not.toBe(own);
    expect(mine.read(`${untagged}~${foreign}`, NOW_MS)).toMatchObject({ state: "valid", others: [foreign] });
  });
});

describe("the version of a snapshot", () => {
  const none = { current: "", previous: "" };
  const secret = { current: "s", previous: "" };

  it("grows when the object starts with other secrets or other bindings than the last time, and only then", () => {
    const metadata = new MemoryMetadata();
    expect(new SnapshotVersion(metadata, secret, ["ORIGIN_A"]).current).toBe(0);
    expect(metadata.rows.size, "nothing is stored while none was given").toBe(0);
    new SnapshotVersion(metadata, none).next();
    const starts: [secrets: typeof none, bindings: string[], version: number][] = [
      [none, [], 1],
      [none, ["ORIGIN_A"], 2],
      [none, ["ORIGIN_A"], 2],
      [none, ["ORIGIN_A", "ORIGIN_B"], 3],
      [secret, ["ORIGIN_A", "ORIGIN_B"], 4],
      [secret, [], 5],
      [secret, [], 5],
    ];
    for (const [secrets, bindings, version] of starts) {
      expect(new SnapshotVersion(metadata, secrets, bindings).current).toBe(version);
    }
  });
});

describe("the pool's own secret", () => {
  /** The object starts with these secrets. */
  function tokenStore(metadata: MemoryMetadata, current = "", previous = "") {
    const events: unknown[] = [];
    const log = (entry: Record<string, unknown>) => void events.push(entry.event);
    const secrets = { current, previous };
    new SnapshotVersion(metadata, secrets);
    return { events, store: new AffinityTokenStore({ pool: "api", store: metadata, secrets, log }) };
  }
  const snapshot = (fields = {}): PoolSnapshot => ({ version: 1, config: config(fields), origins: {} });

  it("is made once, reported once, and kept", async () => {
    const metadata = new MemoryMetadata();
    const first = tokenStore(metadata);
    const { affinity } = await first.store.attach(snapshot());
    await first.store.attach(snapshot());
    const second = tokenStore(metadata);
    expect((await second.store.attach(snapshot())).affinity).toEqual(affinity);
    expect([first.events, second.events]).toEqual([["affinity_secret_made"], []]);
  });

  it("is not made in a pool without cookies", async () => {
    const metadata = new MemoryMetadata();
    for (const sticky of [false, { method: "ip" }]) {
      expect(await tokenStore(metadata).store.attach(snapshot({ sticky }))).not.toHaveProperty("affinity");
    }
    expect(metadata.rows.size).toBe(0);
  });

  it("is the previous one once the operator sets a secret, in a new snapshot version", async () => {
    const metadata = new MemoryMetadata();
    metadata.put("snapshot_version", 7);
    const own = (await tokenStore(metadata).store.attach(snapshot())).affinity;
    const operated = (await tokenStore(metadata, "new secret").store.attach(snapshot())).affinity;
    expect(operated?.previous).toEqual(own?.tokens);
    expect(operated?.tokens).toEqual(await affinityTokens("new secret", "api", IDS));
    expect(metadata.get("snapshot_version")).toBe(8);
    tokenStore(metadata, "new secret");
    expect(metadata.get("snapshot_version")).toBe(8);
  });
});
