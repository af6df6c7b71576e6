/**
 * Which document is in force, whatever happens: the activeConfig and the writer of a configuration, against the list of all
 * writes. KV is played (test/support/config-world.ts).
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { ActiveConfig, type HashedDocument } from "../../../src/pool/config/active-config.ts";
import { ConfigWriter } from "../../../src/pool/config/config-writer.ts";
import type {
  ConfigStore,
  ConfigVersion,
  Signature,
  SignedVersion,
} from "../../../src/pool/storage/config-store.ts";
import { comeToRest, configCommands } from "../../support/config-commands.ts";
import { type ConfigUnderTest, ConfigWorld, type Start, type Written } from "../../support/config-world.ts";
import { MemoryMetadata } from "../../support/memory-metadata.ts";

const SEED = Number(process.env.CONFIG_SEED ?? 20_261_130);
const RUNS = Number(process.env.CONFIG_RUNS ?? 300);
const WHO = { who: "test", what: "wrote" };

/** What an object has stored. Facts are texts, as in SQLite. */
class MemoryStore extends MemoryMetadata implements ConfigStore {
  readonly #versions = new Map<number, SignedVersion>();
  readonly #texts = new Map<number, string>();

  configDates(): SignedVersion[] {
    const kept = [...this.#versions.values()].filter(({ version }) => version >= this.get("first_version"));
    return kept.reverse();
  }
  configVersion(version: number): SignedVersion | null {
    return version < this.get("first_version") ? null : (this.#versions.get(version) ?? null);
  }
  addConfigVersion(added: ConfigVersion): void {
    if (this.#versions.has(added.version)) throw new Error(`version ${added.version} is there`);
    this.#versions.set(added.version, { ...added, who: null, message: null });
  }
  signConfigVersion(version: number, signature: Signature): void {
    const signed = this.#versions.get(version);
    if (signed !== undefined) this.#versions.set(version, { ...signed, ...signature });
  }
  writtenText(version: number): string | null {
    return this.#texts.get(version) ?? null;
  }
  setWrittenText(version: number, text: string | null): void {
    if (text === null) this.#texts.delete(version);
    else this.#texts.set(version, text);
  }
  touchConfigVersion(version: number, updatedAt: number): void {
    const touched = this.#versions.get(version);
    if (touched !== undefined) this.#versions.set(version, { ...touched, updatedAt });
  }
}

interface Document {
  readonly n: number;
  readonly new?: number;
}

const start: Start = ({ now, write }) => {
  const store = new MemoryStore();
  let activeConfig: ActiveConfig<Document>;
  let writer: ConfigWriter<Document>;
  const restart = (isOldCode: boolean): void => {
    const parse = (value: unknown) => {
      const document = value as Document;
      if (!isOldCode || document.new === undefined) return { ok: true, value: document } as const;
      return { ok: false, errors: [] } as const;
    };
    activeConfig = new ActiveConfig(store, now, parse);
    const config = {
      activeConfig,
      get configured() {
        return activeConfig.config !== null;
      },
      put: (document: HashedDocument, config: Document, dueMs: number) =>
        activeConfig.put(document, config, dueMs),
      audit: () => {},
    };
    const document = {
      put: async (text: string, updatedAt: number) => write({ text, updatedAt }),
      delete: async () => write(null),
    };
    writer = new ConfigWriter({ store, config, parse, document, now, log: () => {} });
  };
  restart(false);
  const told = ({ status }: { status: string }): Written =>
    status === "applied" || status === "unchanged" ? status : "refused";
  const object: ConfigUnderTest = {
    get inForce() {
      return activeConfig.outgoing().text;
    },
    get timestamp() {
      return activeConfig.timestamp;
    },
    get serving() {
      return activeConfig.config === null ? null : JSON.stringify(activeConfig.config);
    },
    get error() {
      return activeConfig.error;
    },
    get kept() {
      return store.configDates().map(({ document }) => document);
    },
    read: (shown) => void activeConfig.apply(shown),
    put: async (text) => told(await writer.put(text, WHO)),
    remove: async () => told(await writer.remove((dueMs) => activeConfig.tombstone(dueMs), WHO)),
    rollback: async (text) => {
      const found = store.configDates().find(({ document }) => document === text);
      return told(await writer.rollback(found?.version ?? 0, WHO));
    },
    flush: async () => void (await writer.flush()),
    restart,
  };
  return object;
};

it(`is the newest that was acknowledged, and nothing comes back that was removed (${RUNS} runs, seed ${SEED})`, async () => {
  const property = fc.asyncProperty(configCommands, async (commands) => {
    const world = new ConfigWorld(start);
    await fc.asyncModelRun(() => ({ model: world, real: {} }), commands);
    await comeToRest(world);
  });
  await fc.assert(property, { seed: SEED, numRuns: RUNS });
});

it("no document is in force after a removal, though KV shows an earlier manual write, until KV's past is over", async () => {
  let nowMs = 1_800_000_000_000;
  const object = start({ now: () => nowMs++, write: () => {} });
  object.read({ text: '{"n":0}', updatedAt: nowMs });
  await object.remove();
  object.read(null);
  object.read({ text: '{"n":1}', updatedAt: null });
  expect(object.inForce).toBeNull();
  nowMs += 600_000;
  object.read({ text: '{"n":1}', updatedAt: null });
  expect(object.inForce, "KV has it to this day, so it is newer").toBe('{"n":1}');
});
