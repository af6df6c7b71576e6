/** What an object has stored of its configuration is what it goes by. */
import { expect, it } from "vitest";
import { memorySql } from "../../../sim/lib/memory-sql.ts";
import { ActiveConfig } from "../../../src/pool/config/active-config.ts";
import { PoolStore } from "../../../src/pool/storage/store.ts";

/** To which no document is good. */
function refusing() {
  const store = new PoolStore(memorySql());
  const now = () => 1_000;
  return { store, config: new ActiveConfig(store, now, () => ({ ok: false, errors: [] })) };
}

it("a bad document that was all KV ever had is stored as gone once it is", () => {
  const { store, config } = refusing();
  expect(config.apply({ text: "{}", updatedAt: null })).toBe("invalid");
  expect(store.get("config_state")?.shown?.hash).toEqual(expect.any(String));
  config.apply(null);
  expect(store.get("config_state")?.shown).toMatchObject({ hash: null });
});

it("nothing is stored while KV has nothing and never had", () => {
  const { store, config } = refusing();
  for (let read = 0; read < 3; read++) config.apply(null);
  expect(store.isEmpty).toBe(true);
});
