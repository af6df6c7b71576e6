/**
 * Measures what a runtime keeps: the heap of its Worker after a collection of garbage, over the debugger's protocol
 * (https://chromedevtools.github.io/devtools-protocol/v8/). Its resident memory says little about that in a short run,
 * because V8 collects seldom where memory is plentiful.
 * @module
 */
import { fetchAlone } from "./client.ts";

interface Target {
  readonly id: string;
  readonly webSocketDebuggerUrl: string;
}

/** The answer to `Runtime.getHeapUsage`, in bytes: objects of JavaScript, of the runtime behind them, and buffers. */
interface HeapUsage {
  readonly usedSize: number;
  readonly embedderHeapUsedSize: number;
  readonly backingStorageSize: number;
}

const BYTES_IN_MB = 1024 * 1024;

/** Names the isolate of the Worker and its objects. Those of Miniflare's own answer nothing before their first use. */
const BALANCER = "core:user:edge-balancer";

/**
 * Collects the garbage of the Worker and its objects.
 * @param port of the runtime's inspector
 * @returns MB that are in use afterwards
 */
export async function heapMb(port: number): Promise<number> {
  const targets = (await (await fetchAlone(`http://127.0.0.1:${port}/json`)).json()) as Target[];
  const target = targets.find(({ id }) => id === BALANCER);
  if (target === undefined) throw new Error("the debugger knows no Worker");
  return (await bytesInUse(target.webSocketDebuggerUrl)) / BYTES_IN_MB;
}

async function bytesInUse(url: string): Promise<number> {
  const socket = new WebSocket(url);
  try {
    await opened(socket);
    await called(socket, 1, "HeapProfiler.collectGarbage");
    const usage = await called<HeapUsage>(socket, 2, "Runtime.getHeapUsage");
    return usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize;
  } finally {
    socket.close();
  }
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", () => resolve(), { once: true });
    socket.addEventListener("error", () => reject(new Error(`no debugger at ${socket.url}`)), { once: true });
  });
}

function called<Result>(socket: WebSocket, id: number, method: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onMessage = ({ data }: MessageEvent): void => {
      const message = JSON.parse(String(data));
      if (message.id !== id) return;
      socket.removeEventListener("message", onMessage);
      if (message.error === undefined) resolve(message.result);
      else reject(new Error(`${method}: ${message.error.message}`));
    };
    socket.addEventListener("message", onMessage);
    socket.addEventListener("close", () => reject(new Error(`${method}: the debugger hung up`)), {
      once: true,
    });
    socket.send(JSON.stringify({ id, method }));
  });
}
