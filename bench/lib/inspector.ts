/**
 * Asks V8's inspector in a running workerd what its code allocates.
 * @module
 */
import { once } from "node:events";
import WebSocket from "ws";

/** As V8 samples it: one in so many bytes. */
const SAMPLING_BYTES = 256;

interface ProfileNode {
  readonly selfSize: number;
  readonly children: readonly ProfileNode[];
}

interface Answer {
  readonly id?: number;
  readonly result?: { readonly profile?: { readonly head: ProfileNode } };
}

export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #id = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  /** @param service its name in workerd's configuration */
  static async connect(port: number, service: string): Promise<Inspector> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/${service}`);
    await once(socket, "open");
    return new Inspector(socket);
  }

  /** Bytes that are allocated while `run` runs. */
  async bytesAllocated(run: () => Promise<void>): Promise<number> {
    await this.#ask("HeapProfiler.enable");
    await this.#ask("HeapProfiler.startSampling", {
      samplingInterval: SAMPLING_BYTES,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
    await run();
    const { result } = await this.#ask("HeapProfiler.stopSampling");
    if (result?.profile === undefined) throw new Error("the inspector gave no profile");
    return sizeOf(result.profile.head);
  }

  close(): void {
    this.#socket.close();
  }

  #ask(method: string, params: object = {}): Promise<Answer> {
    const id = ++this.#id;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }
}

function sizeOf({ selfSize, children }: ProfileNode): number {
  return children.reduce((sum, child) => sum + sizeOf(child), selfSize);
}
