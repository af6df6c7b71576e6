/**
 * What is in force where the object, its code or its documents change: the real controller, configuration and store, on a
 * virtual clock, over an object's SQLite.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { documentHash, MOST_DOCUMENT_BYTES } from "../../src/config/canonical.ts";
import type { PoolConfig } from "../../src/config/schema.ts";
import type { SyncReport } from "../../src/contract/sync.ts";
import { describeVersions } from "../../src/pool/admin/description.ts";
import { PoolController } from "../../src/pool/controller.ts";
import { PoolStore } from "../../src/pool/storage/store.ts";
import { comeToRest, configCommands } from "../support/config-commands.ts";
import { ConfigWorld } from "../support/config-world.ts";
import { failures } from "../support/origin-reports.ts";
import { at, starts } from "./config-starts.ts";
import { inStorage } from "./lent-storage.ts";
import { VirtualObject } from "./virtual-object.ts";

const SEED = 20_261_130;
const RUNS = 40;
const MINUTE_MS = 60_000;

const REPORT: SyncReport = {
  isolate: "test",
  sequence: 1,
  snapshot: 0,
  active: {},
  origins: {},
  demand: { requests: 1, elapsed_ms: 1_000 },
  cursor: { want: 0, returned: [] },
};
const FAILURES = failures("connect_failure", 50);

it(`of a pool is the newest document, whatever happens (${RUNS} runs, seed ${SEED})`, async () => {
  const property = fc.asyncProperty(configCommands, (commands) =>
    inStorage(async (sql) => {
      const world = new ConfigWorld(starts(sql));
      await fc.asyncModelRun(() => ({ model: world, real: {} }), commands);
      await comeToRest(world);
    }),
  );
  await fc.assert(property, { seed: SEED, numRuns: RUNS });
});

const document = (fields: object = {}) => ({ origins: [{ id: "a", url: at(false) }], ...fields });
const inWorld = (act: (object: VirtualObject) => Promise<void> | void, first: object = document()) =>
  inStorage((sql) => act(new VirtualObject(sql, { ...first })));

describe("a pool that was removed", () => {
  it("stays removed when an earlier probe, report and alarm come late", async () => {
    await inWorld(async (object) => {
      const { controller } = object;
      controller.drain("a");
      controller.tombstone(object.nowMs);
      object.nowMs += 400_000;
      const reply = controller.sync({ ...REPORT, origins: { a: FAILURES } });
      await controller.run();
      expect(controller.configured).toBe(false);
      expect([reply.removed, reply.snapshot, reply.configured]).toEqual([true, null, false]);
      object.restart();
      expect(object.controller.sync(REPORT)).toMatchObject({ removed: true, snapshot: null });
    });
  });
});

describe("a pool that KV does not show", () => {
  it("is removed after ten minutes without a break, and comes back with the timestamp that it had", async () => {
    await inWorld((object) => {
      const shown = { text: JSON.stringify(document()), updatedAt: object.nowMs };
      const missing = (minutes: number): string[] =>
        Array.from({ length: minutes }, () => {
          object.nowMs += MINUTE_MS;
          return object.controller.applyConfig(null);
        });
      expect(new Set(missing(10))).toEqual(new Set(["missing"]));
      object.controller.applyConfig(shown);
      expect(new Set(missing(10)), "counted anew").toEqual(new Set(["missing"]));
      object.nowMs += 5 * MINUTE_MS;
      expect(new Set(missing(10)), "nobody looked for five minutes").toEqual(new Set(["missing"]));
      expect(missing(1)).toEqual(["removed"]);
      expect(object.controller.sync(REPORT).removed).toBe(true);
      expect(object.controller.applyConfig(shown)).toBe("applied");
      expect(object.controller.sync(REPORT)).toMatchObject({ removed: false, configured: true });
    });
  });

  it("is not removed while KV has never shown the written document, and an error says so", async () => {
    await inWorld((object) => {
      const { controller } = object;
      const canonical = JSON.stringify(document());
      controller.put(
        { canonical, hash: documentHash(canonical) },
        controller.state().activeConfig.config as PoolConfig,
        object.nowMs,
      );
      controller.activeConfig.stored(controller.activeConfig.outgoing(), object.nowMs);
      for (let minute = 0; minute < 60; minute++) {
        object.nowMs += MINUTE_MS;
        expect(controller.applyConfig(null)).toBe("missing");
      }
      expect(controller.configured).toBe(true);
      expect(controller.activeConfig.error).toContain("KV does not have what is in force");
    });
  });
});

describe("code that cannot use what is stored", () => {
  const restarted = (sql: SqlStorage, nowMs: number) =>
    new PoolController({
      pool: "virtual",
      store: new PoolStore(sql),
      now: () => nowMs,
      probe: async () => ({ passed: true, detail: "", durationMs: 1, timedOut: false }),
      allowIpOrigins: false,
      log: () => {},
    });

  it("goes on with the newest version that it can use, and says so", async () => {
    await inStorage((sql) => {
      const { controller, nowMs } = new VirtualObject(sql, document());
      controller.applyConfig({
        text: JSON.stringify({ origins: [{ id: "b", url: at(true) }] }),
        updatedAt: nowMs + 1,
      });
      const older = restarted(sql, nowMs + 2);
      expect(older.activeConfig.config?.origins.map(({ id }) => id)).toEqual(["a"]);
      expect(older.activeConfig.error).toContain("version 2 cannot be used, version 1 is in force");
      expect(older.sync(REPORT)).toMatchObject({ removed: false, configured: true });
    });
  });

  it("leaves isolates the snapshot that they have where it can use none", async () => {
    await inStorage((sql) => {
      const { nowMs } = new VirtualObject(sql, { origins: [{ id: "b", url: at(true) }] });
      const older = restarted(sql, nowMs + 1);
      expect(older.sync(REPORT)).toMatchObject({ removed: false, configured: false, snapshot: null });
      expect(older.activeConfig.error).toContain("version 1 cannot be used");
    });
  });
});

describe("a document that cannot be stored", () => {
  const huge = JSON.stringify(
    document({ notify_url: `https://a.example/${"x".repeat(MOST_DOCUMENT_BYTES)}` }),
  );
  const deep = `{"origins":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;

  it.each([
    ["too large", huge, "at most 1900000 bytes"],
    ["too deep", deep, "at most 64 levels deep"],
    ["not JSON", "{", "line 1, column 2: not JSON"],
    ["empty", "", "line 1, column 1: not JSON"],
    ["JSON behind a byte order mark", "\uFEFF{}", "line 1, column 1: not JSON"],
  ])("because it is %s, is refused, and what was in force stays", async (_what, text, reason) => {
    await inWorld((object) => {
      const updatedAt = object.nowMs + 1;
      expect(object.controller.applyConfig({ text, updatedAt })).toBe("invalid");
      expect(object.controller.activeConfig.error).toContain(reason);
      expect(object.controller.activeConfig.version?.version).toBe(1);
      const before = object.writes;
      object.nowMs += 5_000;
      expect(object.controller.applyConfig({ text, updatedAt }), "again").toBe("invalid");
      expect(object.writes, "nothing is written for it").toBe(before);
    });
  });
});

describe("versions", () => {
  it("are listed without their documents, which may have 190 MB together", async () => {
    await inStorage((sql) => {
      const object = new VirtualObject(sql, document());
      const large = "x".repeat(300_000);
      for (let version = 2; version <= 5; version++) {
        const text = JSON.stringify(document({ notify_url: `https://a.example/${version}${large}` }));
        new PoolStore(sql).addConfigVersion({
          version,
          document: text,
          updatedAt: version,
          appliedAt: object.nowMs,
        });
      }
      const listed = describeVersions(new PoolStore(sql));
      expect(listed.map(({ version }) => version)).toEqual([5, 4, 3, 2, 1]);
      expect(JSON.stringify(listed).length).toBeLessThan(1_000);
      expect(describeVersions(new PoolStore(sql), 5)[0]?.document?.length).toBeGreaterThan(300_000);
    });
  });
});
