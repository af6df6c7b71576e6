/**
 * Waits until the isolate that serves knows what a pool's object knows. A request of an isolate that does not waits for it
 * 250 ms, which is not enough on a busy machine, and then goes by the configuration alone or by what was known before.
 * @module
 */
import { poolStats } from "./admin.ts";
import { fetchRaw } from "./client.ts";
import { eventually } from "./eventually.ts";

/**
 * Sends a request to each pool, and waits until its object has heard of that: with a call that is not the first, so the
 * isolate has the answer to the first.
 * @param pools by their ids the hosts whose requests go there
 */
export async function warmUp(url: string, pools: Readonly<Record<string, string>>): Promise<void> {
  await Promise.all(
    Object.entries(pools).map(async ([pool, host]) => {
      await fetchRaw(url, "/", { headers: { host } });
      await reportsMore(url, pool, 0);
    }),
  );
}

/**
 * Waits until the isolate goes by what the pool's object knows now: it reports requests of others twice, and the second time
 * only once it has the answer to the first.
 */
export async function heardBy(url: string, pool: string): Promise<void> {
  const { requests } = await poolStats(url, pool);
  await reportsMore(url, pool, await reportsMore(url, pool, requests));
}

function reportsMore(url: string, pool: string, than: number): Promise<number> {
  return eventually(`more than ${than} requests of ${pool} to be reported`, async () => {
    const { requests } = await poolStats(url, pool);
    return requests > than && requests;
  });
}
