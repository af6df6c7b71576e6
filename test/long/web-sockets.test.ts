/** The largest messages that WebSockets carry: just below the runtime's 32 MiB. */
import { afterAll, beforeAll, test } from "vitest";
import { hostOf, POOL_KINDS, startBeforeEveryKind } from "../system/bytes/support/pools.ts";
import { messagesArrive, pair, WebSocketOrigin } from "../system/bytes/support/web-socket-pair.ts";
import type { Balancer } from "../system/support/balancer.ts";

const SIZES = [31 * 1_048_576];

let origin: WebSocketOrigin;
let balancer: Balancer;

beforeAll(async () => {
  origin = await WebSocketOrigin.start();
  balancer = await startBeforeEveryKind(origin.url);
});

afterAll(async () => {
  await balancer?.stop();
  await origin?.stop();
});

test.each(POOL_KINDS)("messages of 31 MiB arrive whole in a %s pool, both ways", async (kind) => {
  const { client, server } = await pair(balancer.url, origin, hostOf(kind));
  await messagesArrive(client, server, SIZES);
  await messagesArrive(server, client, SIZES);
  client.destroy();
  server.destroy();
});
