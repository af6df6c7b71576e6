/**
 * WebSockets frame by frame: what one end sends is what the other end gets, whether the balancer relays the messages
 * (where connections are counted) or passes them through.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { codeOf, type FrameSocket, OPCODES } from "../../support/wire/frames.ts";
import { poolStats } from "../support/admin.ts";
import type { Balancer } from "../support/balancer.ts";
import { eventually } from "../support/eventually.ts";
import { hostOf, POOL_KINDS, startBeforeEveryKind } from "./support/pools.ts";
import { HANDSHAKE, messagesArrive, pair, shake, WebSocketOrigin } from "./support/web-socket-pair.ts";

/** Around the borders of a frame's three ways to tell its length, and well beyond; 31 MiB: test/long/web-sockets.test.ts. */
const SIZES = [0, 1, 125, 126, 65_535, 65_536, 65_537, 1_000_000];
/** RFC 6455, 7.4, and IANA's registry: those that may stand in a frame. Null: a close frame without a code. */
const GOOD_CODES = [
  null,
  1000,
  1001,
  1002,
  1003,
  1007,
  1008,
  1009,
  1010,
  1011,
  1012,
  1013,
  1014,
  3000,
  4000,
  4999,
];
/** May not stand in a frame, or are nobody's. */
const BAD_CODES = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535];

let origin: WebSocketOrigin;
let balancer: Balancer;
const ends: FrameSocket[] = [];

beforeAll(async () => {
  origin = await WebSocketOrigin.start();
  balancer = await startBeforeEveryKind(origin.url);
});

afterEach(() => {
  for (const end of ends.splice(0)) end.destroy();
});

afterAll(async () => {
  await balancer?.stop();
  await origin?.stop();
});

async function open(kind: string): Promise<{ client: FrameSocket; server: FrameSocket }> {
  const both = await pair(balancer.url, origin, hostOf(kind as "plain"));
  ends.push(both.client, both.server);
  return both;
}

describe.each(POOL_KINDS)("in a %s pool", (kind) => {
  test("messages of every size and type arrive whole, in order, both ways", async () => {
    const { client, server } = await open(kind);
    await messagesArrive(client, server, SIZES);
    await messagesArrive(server, client, SIZES);
  });

  test.each(["client", "server"] as const)(
    "each close code of the %s arrives, with its reason",
    async (side) => {
      for (const code of GOOD_CODES) {
        const both = await open(kind);
        const [from, to] = side === "client" ? [both.client, both.server] : [both.server, both.client];
        const reason = code === null ? "" : "enough: é";
        from.close(code, reason);
        const closed = await to.next();
        expect(closed?.opcode).toBe(OPCODES.close);
        expect([closed && codeOf(closed), closed?.payload.toString("utf8", 2)]).toEqual([code, reason]);
        to.close(code, reason);
        const reply = await from.next();
        expect([reply?.opcode, reply && codeOf(reply)], `the answer to ${code}`).toEqual([
          OPCODES.close,
          code,
        ]);
        both.server.end();
        await Promise.all([both.client.ended, both.server.ended]);
      }
    },
  );

  test.each(["client", "server"] as const)(
    "an invalid close code of the %s closes both ends",
    async (side) => {
      for (const code of BAD_CODES) {
        const { client, server } = await open(kind);
        const [from, to] = side === "client" ? [client, server] : [server, client];
        from.close(code);
        const closed = await to.next();
        // Told by a close frame or by the connection's end, but told.
        expect(closed === null || closed.opcode === OPCODES.close, `${code}`).toBe(true);
        to.close(1002);
        to.end();
        from.end();
        await Promise.all([client.ended, server.ended]);
      }
    },
  );

  test("an origin's refusal is the client's answer", async () => {
    const headers = [["Host", hostOf(kind)], ["X-Refuse", "1"], ...HANDSHAKE] as const;
    const { reply } = await shake(balancer.url, headers);
    expect(reply).toMatchObject({ status: 403, isComplete: true, body: Buffer.from("refused") });
  });
});

describe("an invalid handshake", () => {
  const without = (...names: string[]) => HANDSHAKE.filter(([name]) => !names.includes(name));
  test.each([
    { what: "no key", method: "GET", headers: without("Sec-WebSocket-Key") },
    {
      what: "version 8",
      method: "GET",
      headers: [...without("Sec-WebSocket-Version"), ["Sec-WebSocket-Version", "8"]],
    },
    { what: "no version", method: "GET", headers: without("Sec-WebSocket-Version") },
    { what: "POST", method: "POST", headers: [...HANDSHAKE, ["Content-Length", "0"]] },
    { what: "HEAD", method: "HEAD", headers: HANDSHAKE },
  ] as const)("by $what is answered 400 or 426, and holds nothing", async ({ method, headers }) => {
    for (const kind of POOL_KINDS) {
      const { reply, connection } = await shake(balancer.url, [["Host", hostOf(kind)], ...headers], method);
      expect([400, 426], `${kind}: ${reply.startLine}`).toContain(reply.status);
      connection.close();
    }
  });

  test("for another protocol gets the answer of an ordinary request, as with curl --http2", async () => {
    for (const kind of POOL_KINDS) {
      const headers = [
        ["Connection", "Upgrade"],
        ["Upgrade", "h2c"],
      ] as const;
      const { reply } = await shake(balancer.url, [["Host", hostOf(kind)], ...headers]);
      expect(reply).toMatchObject({ status: 403, isComplete: true, body: Buffer.from("refused") });
    }
  });

  test("leaves nothing counted at the end", async () => {
    for (const end of ends.splice(0)) end.destroy();
    for (const kind of POOL_KINDS) {
      await eventually(`no connection in ${kind}`, async () => {
        return (await poolStats(balancer.url, kind)).active_connections === 0;
      });
    }
  });
});
