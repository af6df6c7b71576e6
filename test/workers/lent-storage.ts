/** Lends the SQLite of an object to code that is tested without an object. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

let lent = 0;

/** Runs `act` with the storage of an object of its own. */
export async function inStorage(act: (sql: SqlStorage) => Promise<void> | void): Promise<void> {
  await runInDurableObject(env.UPSTREAM_POOL.getByName(`lent-${++lent}`), async (_instance, state) => {
    await act(state.storage.sql);
  });
}
