/**
 * Cases that do not fit into a matrix of whole messages: bytes that must go on before the next ones exist, answers that
 * break off, and what stands before and behind a message (1xx, trailers).
 */

import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { noise } from "../../support/wire/bodies.ts";
import type { Message } from "../../support/wire/http-reader.ts";
import { exchangeOnce, RawConnection, type RawReply } from "../../support/wire/raw-connection.ts";
import type { Balancer } from "../support/balancer.ts";
import { hostOf, POOL_KINDS, type PoolKind, startBeforeEveryKind, unlessRefused } from "./support/pools.ts";
import { ScriptedOrigin } from "./support/scripted-origin.ts";

let origin: ScriptedOrigin;
let balancer: Balancer;
/** What the origin does with the next requests. */
let respond: (socket: Socket, message: Message) => void = (socket) =>
  void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
const opened: RawConnection[] = [];

beforeAll(async () => {
  origin = await ScriptedOrigin.start((socket, message) => respond(socket, message));
  balancer = await startBeforeEveryKind(origin.url);
});

afterEach(() => {
  for (const connection of opened.splice(0)) connection.close();
});

afterAll(async () => {
  await balancer?.stop();
  await origin?.stop();
});

async function connect(): Promise<RawConnection> {
  const connection = await RawConnection.open(balancer.url);
  opened.push(connection);
  return connection;
}

const get = (kind: PoolKind, method = "GET"): Promise<RawReply> =>
  unlessRefused(() =>
    exchangeOnce(
      balancer.url,
      { method, target: "/", headers: [["Host", hostOf(kind)]] },
      { keepBody: true },
    ),
  );

/** Looks again and again; the test's own limit ends it. */
async function until(check: () => boolean): Promise<void> {
  while (!check()) await sleep(2);
}

describe.each(POOL_KINDS)("in a %s pool", (kind) => {
  test.each(["chunked", "close"])(
    "each event of a %s stream arrives before the next is sent",
    async (framing) => {
      const streams: Socket[] = [];
      respond = (socket) => {
        streams.push(socket);
        const header = framing === "chunked" ? "Transfer-Encoding: chunked" : "Connection: close";
        socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${header}\r\n\r\n`);
      };
      const send = (text: string): void => {
        streams[0]?.write(framing === "chunked" ? `${text.length.toString(16)}\r\n${text}\r\n` : text);
      };
      let seen = "";
      const connection = await connect();
      const reply = unlessRefused(() => {
        seen = "";
        return connection.exchange(
          { method: "GET", target: "/events", headers: [["Host", hostOf(kind)]] },
          {
            onBody: (bytes) => {
              seen += bytes.toString();
            },
          },
        );
      });
      await until(() => streams.length > 0);
      let sent = "";
      for (let event = 0; event < 10; event++) {
        send(`data: ${event}\n\n`);
        sent += `data: ${event}\n\n`;
        await until(() => seen === sent);
      }
      if (framing === "chunked") streams[0]?.write("0\r\n\r\n");
      else streams[0]?.end();
      expect(await reply).toMatchObject({ isComplete: true, bodyBytes: sent.length });
    },
  );

  test.each([
    { framing: "a length", head: "Content-Length: 100000\r\n" },
    { framing: "a small length", head: "Content-Length: 50000\r\n" },
    { framing: "chunks", head: "Transfer-Encoding: chunked\r\n" },
    { framing: "no end but the connection's", head: "Connection: close\r\n" },
  ])("an answer with $framing that the origin breaks off never looks complete", async ({ head }) => {
    const part = noise(40_000, 7);
    for (const leave of head.startsWith("Connection") ? (["rst"] as const) : (["rst", "fin"] as const)) {
      respond = (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n`);
        if (head.startsWith("Transfer")) socket.write(`${(90_000).toString(16)}\r\n`);
        // What was sent must have been read before a reset, which would take it away.
        socket.write(part, () =>
          setTimeout(() => (leave === "rst" ? socket.resetAndDestroy() : socket.end()), 50),
        );
      };
      const reply = await get(kind);
      expect(reply).toMatchObject({ status: 200, isComplete: false });
      expect(part.subarray(0, reply.bodyBytes).equals(reply.body ?? part)).toBe(true);
    }
  });

  test("interim answers come before the whole final one", async () => {
    respond = (socket) => {
      socket.write("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n");
      socket.write("HTTP/1.1 102 Processing\r\n\r\n");
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfinal");
    };
    expect(await get(kind)).toMatchObject({ status: 200, isComplete: true, body: Buffer.from("final") });
  });

  test("trailers are dropped by the runtime, and the body is whole", async () => {
    respond = (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n");
      socket.write("4\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n");
    };
    expect(await get(kind)).toMatchObject({
      framing: "chunked",
      isComplete: true,
      body: Buffer.from("body"),
    });
  });
});
