/**
 * Nothing of a request stays in the isolate's memory when it is over, however it ended. The garbage is collected before
 * each look, so a few MB are compiled code and tables; what is looked for is hundreds of bodies.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN_TOKEN } from "../system/support/admin.ts";
import { type Balancer, startBalancer } from "../system/support/balancer.ts";
import { type BareAnswer, BareClient, BareOrigin, head, sends } from "../system/support/bare-ends.ts";
import { eventually } from "../system/support/eventually.ts";
import { heapMb } from "../system/support/heap.ts";
import { nothingOpen } from "../system/support/nothing-open.ts";
import { freePort } from "../system/support/ports.ts";

const REQUESTS = 200;
const AT_ONCE = 50;
/** A body that is read first, in one buffer of its length. */
const BODY_BYTES = 60_000;
/** Requests that stayed took 10 MB with the half of a body that had been read, and 0.6 without. */
const MOST_KEPT_MB = 0.4;

/** Answers once a whole body has arrived. */
const takesBodies: BareAnswer = (connection) => {
  const { socket } = connection;
  const answer = () => {
    if (connection.received.length < BODY_BYTES) return;
    socket.off("data", answer);
    socket.end("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok");
  };
  socket.on("data", answer);
  answer();
};

let origin: BareOrigin;
let balancer: Balancer;
let inspectorPort: number;

beforeAll(async () => {
  origin = await BareOrigin.start(takesBodies);
  inspectorPort = await freePort();
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      routes: [{ pool: "p" }],
      pools: { p: { origins: [{ id: "a", url: origin.url }], failover: { attempt_timeout: 4 } } },
    },
    args: ["--inspector-port", String(inspectorPort)],
  });
});

afterAll(async () => {
  await balancer?.stop();
  origin?.stop();
});

const LENGTH = [`content-length: ${BODY_BYTES}`];
const LONG = ["content-length: 5000000"];
const CHUNKED = ["transfer-encoding: chunked"];
const BLOCK = "x".repeat(BODY_BYTES / 2);
const CHUNK = `${BLOCK.length.toString(16)}\r\n${BLOCK}\r\n`;

interface Manner {
  readonly headers: readonly string[];
  readonly part: string;
  readonly ends: (client: BareClient) => Promise<unknown>;
}

const answered = (status: number) => async (client: BareClient) => {
  expect(await client.status()).toBe(status);
  client.socket.resetAndDestroy();
};
/** The balancer is reading by then, as a rule. */
const READING_MS = 100;
const resets = async ({ socket }: BareClient) => {
  await sleep(READING_MS);
  socket.resetAndDestroy();
};
const ends = async ({ socket }: BareClient) => {
  await sleep(READING_MS);
  socket.destroy();
};

const MANNERS: Readonly<Record<string, Manner>> = {
  "a whole body": { headers: LENGTH, part: "x".repeat(BODY_BYTES), ends: answered(200) },
  "a client that resets within a body of known length": { headers: LENGTH, part: BLOCK, ends: resets },
  "a client that resets within a chunked body": { headers: CHUNKED, part: CHUNK, ends: resets },
  "a client that resets within a body that streams": { headers: LONG, part: BLOCK, ends: resets },
  "a client that ends within a body of known length": { headers: LENGTH, part: BLOCK, ends },
  "a client that ends within a chunked body": { headers: CHUNKED, part: CHUNK, ends },
  "a client that ends within a body that streams": { headers: LONG, part: BLOCK, ends },
  "a body that is malformed": { headers: CHUNKED, part: `${CHUNK}no chunk\r\n`, ends: answered(400) },
  "a body that stalls": { headers: LENGTH, part: BLOCK, ends: answered(408) },
};

async function send({ headers, part, ends }: Manner): Promise<void> {
  await ends(await BareClient.send(balancer.url, head("PUT /", ...headers) + part));
}

async function sendAll(manner: Manner, times: number): Promise<void> {
  let left = times;
  const work = async () => {
    while (left-- > 0) await send(manner);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await nothingOpen(balancer, ["p"]);
}

async function leavesNothing(manner: Manner): Promise<void> {
  await sendAll(manner, AT_ONCE);
  const before = await heapMb(inspectorPort);
  await sendAll(manner, REQUESTS);
  await eventually("the memory to be free", async () => {
    return (await heapMb(inspectorPort)) - before < MOST_KEPT_MB;
  });
}

test.for(Object.entries(MANNERS))("%s leaves nothing behind", ([, manner]) => leavesNothing(manner));

test("an origin that breaks its answers off leaves nothing behind", () => {
  origin.answer = sends("200 OK\r\ncontent-length: 500000", BLOCK);
  return leavesNothing({ headers: [], part: "", ends: (client) => once(client.socket, "end") });
});
