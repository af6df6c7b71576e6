/**
 * A client that has left is left: its attempt ends, nothing is tried again for it, it counts once, and nothing it held
 * stays open, also while reports of others keep the code going.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_TOKEN, poolStats } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { BareClient, type BareConnection, BareOrigin, head, sends, takesAll } from "./support/bare-ends.ts";
import { fetchRaw } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { nothingOpen } from "./support/nothing-open.ts";
import { PATIENT_FAILOVER } from "./support/patience.ts";

const POOLS = {
  leased: { max_connections: 5 },
  strict: { coordination: "strict", algorithm: "least_connections" },
  sticky: { sticky: true },
};
const CLIENTS = 8;
/** Within a pool one test after the other. */
const IN_TURN = { concurrent: false };

const originsOf = new Map<string, [first: BareOrigin, second: BareOrigin]>();
let balancer: Balancer;

beforeAll(async () => {
  for (const pool of Object.keys(POOLS)) {
    originsOf.set(pool, [await BareOrigin.start(takesAll), await BareOrigin.start(takesAll)]);
  }
  const pools = Object.entries(POOLS).map(
    ([name, { max_connections, ...more }]: [string, Record<string, unknown>]) => {
      const [first, second] = origins(name);
      const limits = max_connections === undefined ? {} : { max_connections };
      const both = [
        { id: "a", url: first.url },
        { id: "b", url: second.url, backup: true, ...limits },
      ];
      return [name, { origins: both, failover: PATIENT_FAILOVER, ...more }] as const;
    },
  );
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      routes: Object.keys(POOLS).map((name) => ({ host: `${name}.test`, pool: name })),
      pools: Object.fromEntries(pools),
    },
  });
});

afterAll(async () => {
  await balancer?.stop();
  for (const origin of [...originsOf.values()].flat()) origin.stop();
});

function origins(pool: string): [first: BareOrigin, second: BareOrigin] {
  const found = originsOf.get(pool);
  if (found === undefined) throw new Error(`no pool ${pool}`);
  return found;
}

const atRest = (pool: string) => nothingOpen(balancer, [pool], origins(pool));

/** Answers after a while, if anybody still listens. */
function late(ms: number, answer: (connection: BareConnection) => void) {
  return (connection: BareConnection): void => {
    setTimeout(() => {
      if (!connection.isClosed) answer(connection);
    }, ms);
  };
}

/** Sends headers and never ends. */
const endless = ({ socket }: BareConnection): void => {
  socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
};

async function requestsOf(pool: string): Promise<{ requests: number; errors: number; retries: number }> {
  const { requests, errors, retries } = await poolStats(balancer.url, pool);
  return { requests, errors, retries };
}

const lines = (pool: string) =>
  balancer
    .logs()
    .split("\n")
    .filter((line) => line.includes(`"pool":"${pool}"`) && line.includes('"path":"/left"'));

/** Requests whose clients reset soon after they arrived at the first origin, with another before to keep code going. */
async function leave(pool: string, afterMs: number): Promise<void> {
  const [first] = origins(pool);
  const arrived = first.requests.length;
  const clients: BareClient[] = [];
  for (let i = 0; i < CLIENTS; i++) {
    clients.push(await BareClient.send(balancer.url, head("GET /left", `host: ${pool}.test`)));
  }
  await eventually("all to arrive", () => first.requests.length >= arrived + CLIENTS);
  await sleep(afterMs);
  for (const client of clients) client.reset();
}

// The pools beside each other, the tests of one after the other.
describe.concurrent.each(Object.keys(POOLS))("a %s pool", (pool) => {
  afterEach(async () => {
    for (const origin of origins(pool)) origin.answer = takesAll;
    await atRest(pool);
  });

  test("the request of a client that leaves before its origin fails is not retried", IN_TURN, async () => {
    const [first, second] = origins(pool);
    await fetchRaw(balancer.url, "/", { headers: { host: `${pool}.test` } });
    await nothingOpen(balancer, [pool]);
    await eventually("that one to be reported", async () => (await requestsOf(pool)).requests > 0);
    const [before, elsewhere, logged] = [await requestsOf(pool), second.requests.length, lines(pool).length];
    const waiting: BareConnection[] = [];
    first.answer = (connection) => void waiting.push(connection);
    second.answer = endless;
    await leave(pool, 50);
    // Not before all are known to have left, however long that takes on a busy machine.
    await eventually("all to be logged", () => lines(pool).length >= logged + CLIENTS);
    waiting.forEach(late(0, sends("503 Busy\r\ncontent-length: 0")));
    await atRest(pool);
    expect(second.requests.length).toBe(elsewhere);
    expect(lines(pool).length).toBe(logged + CLIENTS);
    expect(lines(pool).every((line) => line.includes('"why":"client_closed"'))).toBe(true);
    const after = await eventually("all to be reported", async () => {
      const now = await requestsOf(pool);
      return now.requests >= before.requests + CLIENTS && now;
    });
    expect(after).toEqual({ ...before, requests: before.requests + CLIENTS });
  });

  test("a streaming answer ends at the origin when its client leaves", IN_TURN, async () => {
    const [first] = origins(pool);
    first.answer = late(100, endless);
    await leave(pool, 90);
    await atRest(pool);
    await leave(pool, 300);
    await atRest(pool);
  });

  test("a retry ends at the second origin when its client leaves", IN_TURN, async () => {
    const [first, second] = origins(pool);
    first.answer = sends("503 Busy\r\ncontent-length: 0");
    second.answer = late(300, endless);
    for (const afterMs of [0, 20, 150, 310]) {
      await leave(pool, afterMs);
      await atRest(pool);
    }
  });
});
