/**
 * The real controller and writer of a pool's configuration, for the model that stands in `test/support/config-world.ts`.
 */
import { parsePool } from "../../src/config/parse.ts";
import type { PoolConfig } from "../../src/config/schema.ts";
import { ConfigWriter } from "../../src/pool/config/config-writer.ts";
import { PoolController } from "../../src/pool/controller.ts";
import { PoolStore } from "../../src/pool/storage/store.ts";
import type { ConfigUnderTest, Start, Written } from "../support/config-world.ts";

const WHO = { who: "test", what: "wrote" };

/** An origin's address, which older code refuses if it is new. */
export const at = (isNew: boolean) => (isNew ? "http://127.0.0.1:81" : "http://a.example");

/** The documents of the model are numbers; here they are pools. Origins at addresses are what "older code" refuses. */
const toPool = (text: string): string => {
  const { n, new: isNew } = JSON.parse(text) as { n: number; new?: number };
  return JSON.stringify({ drain_timeout: n + 1, origins: [{ id: "a", url: at(isNew !== undefined) }] });
};
const fromPool = (text: string): string => {
  const { drain_timeout, origins } = JSON.parse(text) as {
    drain_timeout: number;
    origins: [{ url: string }];
  };
  return `{"n":${drain_timeout - 1}${origins[0].url === at(true) ? ',"new":1' : ""}}`;
};

/** A pool's controller and writer, as its object makes them. */
export function starts(sql: SqlStorage): Start {
  return ({ now, write }) => {
    const store = new PoolStore(sql);
    let controller: PoolController;
    let writer: ConfigWriter<PoolConfig>;
    let isOld = false;
    const parse = (value: unknown) => parsePool(value, { allowIpOrigins: !isOld });
    const restart = (isOldCode: boolean): void => {
      isOld = isOldCode;
      controller = new PoolController({
        pool: "model",
        store,
        now,
        probe: async () => ({ passed: true, detail: "", durationMs: 1, timedOut: false }),
        allowIpOrigins: !isOld,
        log: () => {},
      });
      const document = {
        put: async (text: string, updatedAt: number) => write({ text: fromPool(text), updatedAt }),
        delete: async () => write(null),
      };
      writer = new ConfigWriter({ store, config: controller, parse, document, now, log: () => {} });
    };
    restart(false);
    const told = ({ status }: { status: string }): Written =>
      status === "applied" || status === "unchanged" ? status : "refused";
    const documents = () =>
      store.configDates().map(({ version }) => store.configVersion(version)?.document ?? "");
    const object: ConfigUnderTest = {
      get inForce() {
        const { text } = controller.activeConfig.outgoing();
        return text === null ? null : fromPool(text);
      },
      get timestamp() {
        return controller.activeConfig.timestamp;
      },
      get serving() {
        const { version } = controller.activeConfig;
        return controller.configured && version !== null ? fromPool(version.document) : null;
      },
      get error() {
        return controller.activeConfig.error;
      },
      get kept() {
        return documents().map(fromPool);
      },
      read: (shown) =>
        void controller.applyConfig(shown === null ? null : { ...shown, text: toPool(shown.text) }),
      put: async (text) => told(await writer.put(toPool(text), WHO)),
      remove: async () => told(await writer.remove((dueMs) => controller.tombstone(dueMs), WHO)),
      rollback: async (text) => {
        const at = documents().map(fromPool).indexOf(text);
        return told(await writer.rollback(store.configDates()[at]?.version ?? 0, WHO));
      },
      flush: async () => void (await writer.flush()),
      restart,
    };
    return object;
  };
}
