/**
 * Puts the real object behind a namespace that a test can make fail. An overloaded, unreachable or silent object is not
 * possible on one machine, so this makes the errors in the form in which Durable Objects throw them.
 */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { serve } from "../../src/edge/proxy.ts";
import { IsolateState } from "../../src/edge/sync/isolate.ts";
import { WorkerSurroundings } from "../../src/edge/worker-surroundings.ts";
import type { Env } from "../../src/platform/env.ts";

type Method = (...args: unknown[]) => Promise<unknown>;
/** Runs before a method of the object. */
export type Wrapper = (call: () => Promise<unknown>, method: string) => Promise<unknown>;

export const overloaded: Wrapper = async () => {
  throw Object.assign(new Error("Durable Object is overloaded. Too many requests queued."), {
    overloaded: true,
  });
};
export const gone: Wrapper = async () => {
  throw Object.assign(new Error("Network connection lost."), { retryable: true });
};
export const broken: Wrapper = async () => {
  throw new Error("no such table: metadata");
};
export const silent: Wrapper = () => new Promise(() => {});
export const healthy: Wrapper = (call) => call();

export class WrappedObject {
  /** The isolate of the requests. */
  readonly isolate: IsolateState;
  wrapper: Wrapper = healthy;
  /** Methods called, in order. */
  calls: string[] = [];
  readonly #background: Promise<void>[] = [];

  /** @param more of the Worker's bindings, in place of its own */
  constructor(more: Record<string, unknown> = {}) {
    this.isolate = new IsolateState(new WorkerSurroundings({ ...this.#env(), ...more }));
  }

  count(method: string): number {
    return this.calls.filter((called) => called === method).length;
  }

  /** One request through the data path. */
  async ask(request: Request | string): Promise<Response> {
    const ctx = createExecutionContext();
    const response = await serve(new Request(request), this.isolate, ctx);
    this.#background.push(waitOnExecutionContext(ctx));
    return response;
  }

  /** Status and the origin that answered, `-` for none. */
  async seen(request: Request | string): Promise<string> {
    const response = await this.ask(request);
    const { name = "-" } = await response.json<{ name?: string }>();
    return `${response.status} ${name}`;
  }

  /** What requests left running. */
  async settle(): Promise<void> {
    await Promise.all(this.#background.splice(0));
  }

  #env(): Env {
    const getByName = (name: string) => {
      const stub = env.UPSTREAM_POOL.getByName(name) as unknown as Record<string, Method>;
      const wrap = (method: string): Method => {
        return (...args) => {
          this.calls.push(method);
          return this.wrapper(async () => await stub[method]?.(...args), method);
        };
      };
      return new Proxy({}, { get: (_, method) => wrap(String(method)) });
    };
    const idFromName = (name: string) => env.UPSTREAM_POOL.idFromName(name);
    return { ...env, UPSTREAM_POOL: { getByName, idFromName } } as unknown as Env;
  }
}
