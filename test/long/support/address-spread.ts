/**
 * Checks sessions by client address through the whole program, with any number of clients.
 * @module
 */
import { expect } from "vitest";
import { type Balancer, startBalancer } from "../../system/support/balancer.ts";
import { eventually } from "../../system/support/eventually.ts";
import { forEachItem } from "../../system/support/lean-client.ts";
import { type Origin, startOrigins } from "../../system/support/origins.ts";

const VIRTUAL_NODES = 150;
const NAMES = ["a", "b", "c", "d", "e"];

const configOf = (these: readonly Origin[]) => ({
  pools: {
    web: { origins: these.map((origin) => origin.config()), sticky: { method: "ip" }, log: { sample: 0 } },
  },
});

/** Returns the origin to which each client is sent. */
async function originOfEach(url: string, clients: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  await forEachItem(
    url,
    Math.min(16, clients.length),
    clients,
    (client) => ({ path: "/healthz", headers: { "cf-connecting-ip": client } }),
    (client, { status, headers }) => {
      found.set(client, status === 200 ? (headers.get("x-origin") ?? "none") : String(status));
    },
  );
  return found;
}

/** Asserts that addresses spread within the ring's variance, and that a removed origin moves only its own clients. */
export async function addressesSpread(count: number): Promise<void> {
  const origins = await startOrigins(...NAMES);
  const balancer = await startBalancer({ config: configOf(origins) });
  try {
    const clients = Array.from({ length: count }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    await judge(balancer, origins, clients);
  } finally {
    await balancer.stop();
    await Promise.all(origins.map((origin) => origin.kill()));
  }
}

async function judge(
  balancer: Balancer,
  origins: readonly Origin[],
  clients: readonly string[],
): Promise<void> {
  const { url } = balancer;
  const before = await originOfEach(url, clients);
  const clientsOf = (name: string) => clients.filter((client) => before.get(client) === name);
  const counts = NAMES.map((name) => clientsOf(name).length);
  expect(counts.reduce((sum, count) => sum + count)).toBe(clients.length);
  expectSpread(counts);

  balancer.writeConfig(configOf(origins.filter(({ name }) => name !== "e")));
  const [moved] = clientsOf("e");
  if (moved === undefined) throw new Error("e has clients");
  await eventually("the change is in force", async () => {
    return (await originOfEach(url, [moved])).get(moved) !== "e";
  });
  const after = await originOfEach(url, clients);
  const changed = clients.filter((client) => after.get(client) !== before.get(client));
  expect(changed).toEqual(clientsOf("e"));
  const heirs = new Set(changed.map((client) => after.get(client)));
  expect(heirs, "all others take some over").toEqual(new Set(["a", "b", "c", "d"]));
}

/**
 * With V points of each of n origins an origin's share of the ring is Beta(V, (n - 1)V). The variance of drawing clients
 * from the ring is added. The bound is four standard deviations; ids and addresses are fixed, so the result never varies.
 */
function expectSpread(counts: readonly number[]): void {
  const clients = counts.reduce((sum, count) => sum + count);
  const p = 1 / counts.length;
  const ring = (p * (1 - p)) / (counts.length * VIRTUAL_NODES + 1);
  const deviation = Math.sqrt(clients * clients * ring + clients * p * (1 - p));
  for (const count of counts) expect(Math.abs(count - clients * p)).toBeLessThan(4 * deviation);
}
