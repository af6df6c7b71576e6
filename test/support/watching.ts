/** An isolate that watches for its data centre, by an object that the test plays. */
import type { PoolRpc } from "../../src/contract/sync.ts";
import { noteOf, shapeOf } from "../../src/contract/verdict-note.ts";
import type { WatchReply, WatchRequest } from "../../src/contract/verdict-watch.ts";
import { VerdictWatch } from "../../src/edge/sync/verdict-watch.ts";
import type { ObjectAnswer } from "../../src/platform/object-answer.ts";
import { DataCenter, type Isolate, reply } from "./data-center.ts";

function fail(message: string): never {
  throw new Error(message);
}

/** The object's own note of what it says in `reply`. */
export function noteBy(answer: ReturnType<typeof reply>): string {
  const { version, config, origins } = answer.snapshot ?? fail("it has a snapshot");
  const states = new Map(Object.entries(origins));
  return JSON.stringify(noteOf({ version, config, states }, shapeOf("p", config)));
}

/** Calls wait until the test answers them. */
export class Calls {
  readonly requests: WatchRequest[] = [];
  #answer: (answer: ObjectAnswer<WatchReply>) => void = () => fail("nobody has called");

  readonly callPool = async <T>(_pool: string, call: (object: PoolRpc) => Promise<T>) => {
    const answered = new Promise<ObjectAnswer<WatchReply>>((resolve) => {
      this.#answer = resolve;
    });
    const watch = async (request: WatchRequest) => {
      this.requests.push(request);
      return {} as WatchReply;
    };
    await call({ watch } as unknown as PoolRpc);
    return (await answered) as ObjectAnswer<T>;
  };

  answer(note: string | null, watch_after_ms: number | null = null): void {
    this.say({ note, watch_after_ms });
  }

  /** Of an object of another version. */
  say(value: unknown): void {
    this.#answer({ ok: true, value: value as WatchReply });
  }

  fail(): void {
    this.#answer({ ok: false, failure: "unreachable", detail: "reset" });
  }
}

export async function watching() {
  const place = new DataCenter();
  const [isolate, neighbour] = [
    await place.isolate().answered(reply(1)),
    await place.isolate().answered(reply(1)),
  ];
  const calls = new Calls();
  const watch = new VerdictWatch(isolate.pool, isolate.notes, {
    now: () => place.nowMs,
    callPool: calls.callPool,
  });
  let isOver = false;
  void watch.watch("FRA").then(() => {
    isOver = true;
  });
  await place.pass(100);
  const again = async (): Promise<void> => {
    void watch.watch("FRA");
    await place.pass(0);
  };
  return { place, isolate, neighbour, calls, watch, again, isOver: () => isOver };
}

export const out = (...isolates: Isolate[]) => isolates.map((isolate) => isolate.out.join());
