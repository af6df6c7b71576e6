/**
 * The load generator, in a process of its own so that its CPU time does not count. It has a fixed number of keep-alive
 * connections and sends one request at a time on each, at once after an answer or at a given pace.
 * @module
 */
import { connect, type Socket } from "node:net";
import type { LoadOptions, LoadResult } from "./load.ts";
import { MessageReader } from "./message-reader.ts";

/** A run ends after this many times its length, even if too few requests have been answered. */
const MOST_TIMES = 10;
/** How often the generator sends the requests that are due at a given pace. */
const TICK_MS = 5;

interface Run {
  readonly latenciesMs: number[];
  failed: number;
  /** The first head that was not a 200, so that the error can be reported. */
  firstFailure: string | null;
}

interface Connection {
  /** The other side has closed the connection. workerd does so five seconds after the last answer. */
  readonly isClosed: boolean;
  send(): Promise<void>;
  close(): void;
}

async function open(port: number, message: Buffer, run: Run): Promise<Connection> {
  const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let done: (() => void) | null = null;
  let sentMs = 0;
  const reader = new MessageReader((head) => {
    run.latenciesMs.push(performance.now() - sentMs);
    if (!head.startsWith("HTTP/1.1 200")) fail(head);
    done?.();
  });
  function fail(why: string): void {
    run.failed++;
    run.firstFailure ??= why;
  }
  socket.on("data", (bytes: Buffer) => reader.push(bytes));
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  socket.on("error", (error) => fail(String(error)));
  socket.on("close", () => {
    if (done === null) return;
    fail("connection closed");
    done();
  });
  return {
    get isClosed() {
      return socket.destroyed;
    },
    send: () =>
      new Promise<void>((resolve) => {
        done = () => {
          done = null;
          resolve();
        };
        sentMs = performance.now();
        socket.write(message);
      }),
    close: () => socket.destroy(),
  };
}

async function asFastAsAnswered(connections: Connection[], isOver: () => boolean): Promise<void> {
  await Promise.all(
    connections.map(async (connection) => {
      while (!isOver()) await connection.send();
    }),
  );
}

/** @returns the connections that are open at the end */
async function paced(
  connections: Connection[],
  untilMs: number,
  rate: number,
  reopened: () => Promise<Connection>,
): Promise<Connection[]> {
  const idle = [...connections];
  const startedMs = performance.now();
  let sent = 0;
  async function use(connection: Connection): Promise<void> {
    const open = connection.isClosed ? await reopened() : connection;
    await open.send();
    idle.push(open);
  }
  while (performance.now() < untilMs) {
    const due = Math.floor(((performance.now() - startedMs) / 1_000) * rate);
    for (; sent < due; sent++) {
      const connection = idle.pop();
      if (connection === undefined) break;
      void use(connection);
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  while (idle.length < connections.length) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  return idle;
}

async function load({
  url,
  connections,
  ms,
  atLeast,
  rate,
  method,
  headers,
  bodyBytes,
}: LoadOptions): Promise<LoadResult> {
  const { host, port, pathname } = new URL(url);
  const length = bodyBytes > 0 ? { "content-length": String(bodyBytes) } : {};
  const fields = Object.entries({ host, ...headers, ...length }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const head = Buffer.from(`${method} ${pathname} HTTP/1.1\r\n${fields.join("")}\r\n`);
  const message = Buffer.concat([head, Buffer.alloc(bodyBytes, "x")]);
  const run: Run = { latenciesMs: [], failed: 0, firstFailure: null };
  const openOne = () => open(Number(port), message, run);
  let opened = await Promise.all(Array.from({ length: connections }, openOne));
  const startedMs = performance.now();
  const isOver = (): boolean => {
    const sinceMs = performance.now() - startedMs;
    return sinceMs >= ms && (run.latenciesMs.length >= atLeast || sinceMs >= ms * MOST_TIMES);
  };
  if (rate === null) await asFastAsAnswered(opened, isOver);
  else opened = await paced(opened, startedMs + ms, rate, openOne);
  const seconds = (performance.now() - startedMs) / 1_000;
  for (const connection of opened) connection.close();
  const sorted = Float64Array.from(run.latenciesMs).sort();
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return {
    requests: sorted.length,
    failed: run.failed,
    firstFailure: run.firstFailure,
    seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

process.on("message", async ({ id, options }: { id: number; options: LoadOptions }) => {
  const result = await load(options).catch((error: unknown) => String(error));
  process.send?.({ id, result });
});
process.on("disconnect", () => process.exit());
