import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { ADMIN_TOKEN } from "./support/admin.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { eventually } from "./support/eventually.ts";
import { nothingOpen } from "./support/nothing-open.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { freePort } from "./support/ports.ts";

let origins: Origin[];
let balancer: Balancer;

beforeAll(async () => {
  origins = await startOrigins("a", "b");
  const refusing = `http://127.0.0.1:${await freePort()}`;
  balancer = await startBalancer({
    adminToken: ADMIN_TOKEN,
    config: {
      routes: [
        { host: "failing.test", pool: "failing" },
        { host: "counted.test", pool: "counted" },
        { pool: "web" },
      ],
      pools: {
        web: { origins: origins.map((origin) => origin.config()) },
        counted: { algorithm: "least_connections", origins: origins.map((origin) => origin.config()) },
        failing: { origins: [{ id: "gone", url: refusing }, origins[0]?.config()] },
      },
    },
  });
});

afterAll(async () => {
  if (balancer !== undefined) await nothingOpen(balancer, ["web", "counted", "failing"], origins);
  await balancer?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.kill()));
});

async function connect(path: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(balancer.url.replace("http", "ws") + path, { headers, maxPayload: 8_000_000 });
  await once(socket, "open");
  return socket;
}

async function echoed(
  socket: WebSocket,
  message: string | Buffer,
): Promise<{ data: Buffer; isBinary: boolean }> {
  socket.send(message);
  const [data, isBinary] = (await once(socket, "message")) as [Buffer, boolean];
  return { data, isBinary };
}

describe.each([
  { way: "passed through", headers: {}, whenOriginDies: 1006, whenClientVanishes: 1006 },
  {
    way: "relayed, where connections count",
    headers: { host: "counted.test" },
    whenOriginDies: 1014,
    whenClientVanishes: 1001,
  },
])("a WebSocket that is $way", ({ way, headers, whenOriginDies, whenClientVanishes }) => {
  test("1 MB of binary comes back as it was", async () => {
    const socket = await connect("/ws", headers);
    const message = randomBytes(1_000_000);
    const { data, isBinary } = await echoed(socket, message);
    expect(isBinary).toBe(true);
    expect(data.equals(message)).toBe(true);
    socket.close();
  });

  test("text stays text, an empty message too", async () => {
    const socket = await connect("/ws", headers);
    for (const text of ["grüße, 世界", ""]) {
      const { data, isBinary } = await echoed(socket, text);
      expect([isBinary, data.toString("utf8")]).toEqual([false, text]);
    }
    socket.close();
  });

  test("the client's close code and reason reach the origin", async () => {
    const reason = `enough of ${way}`;
    const socket = await connect("/ws", headers);
    socket.close(4001, reason);
    const [code] = (await once(socket, "close")) as [number];
    expect(code).toBe(4001);
    await eventually("an origin to see the code", async () => {
      const closes = (await Promise.all(origins.map((origin) => origin.closes()))).flat();
      return closes.some((close) => close.code === 4001 && close.reason === reason);
    });
  });

  test("the origin's close code and reason reach the client", async () => {
    const socket = await connect("/ws-close/4002/go%20away", headers);
    socket.send("now");
    const [code, reason] = (await once(socket, "close")) as [number, Buffer];
    expect([code, String(reason)]).toEqual([4002, "go away"]);
  });

  test("many messages keep their order, both ways at once", async () => {
    const socket = await connect("/ws", headers);
    const received: string[] = [];
    const all = new Promise<void>((resolve) => {
      socket.on("message", (data) => {
        if (received.push(String(data)) === 2_000) resolve();
      });
    });
    const sent = Array.from({ length: 2_000 }, (_, i) => `${i} ${"x".repeat(i % 500)}`);
    for (const message of sent) socket.send(message);
    await all;
    expect(received).toEqual(sent);
    socket.close();
  });

  test("a client that vanishes closes the connection at the origin", async () => {
    const socket = await connect("/ws", headers);
    await echoed(socket, "alive");
    socket.terminate();
    await eventually("an origin to see it go", async () => {
      const closes = (await Promise.all(origins.map((origin) => origin.closes()))).flat();
      return closes.some(({ code }) => code === whenClientVanishes);
    });
  });

  test("an origin that dies ends the client's connection", async () => {
    const socket = await connect("/ws", headers);
    await echoed(socket, "alive");
    const closed = once(socket, "close");
    await Promise.all(origins.map((origin) => origin.kill()));
    await Promise.all(origins.map((origin) => origin.restart()));
    expect((await closed)[0]).toBe(whenOriginDies);
  });
});

test("connections are spread like requests, and the origin sees who the client is", async () => {
  await Promise.all(origins.map((origin) => origin.forget()));
  const sockets = [await connect("/ws"), await connect("/ws"), await connect("/ws"), await connect("/ws")];
  for (const socket of sockets) socket.close();
  const hits = await Promise.all(origins.map((origin) => origin.hits()));
  expect(hits.map((each) => each.length)).toEqual([2, 2]);
  expect(hits[0]?.[0]?.headers).toMatchObject({ "x-forwarded-for": "127.0.0.1", upgrade: "websocket" });
});

test("a handshake that an origin refuses goes to the next one", async () => {
  for (let round = 0; round < 2; round++) {
    const socket = await connect("/ws", { host: "failing.test" });
    expect((await echoed(socket, "hello")).data.toString()).toBe("hello");
    socket.close();
  }
});
