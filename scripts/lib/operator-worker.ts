/**
 * A Worker beside the balancer that does on this machine what Cloudflare and wrangler do for a deployed one: it reads and
 * writes KV, and runs the scheduled handler. Miniflare could do it without, but by a second thread, which it would start
 * for that and which takes a third of a start's time.
 * @module
 */
import { randomUUID } from "node:crypto";

const NAME = "operator";
const SECRET_HEADER = "x-operator-secret";
/** Any address: the operator answers whatever Miniflare itself is asked. */
const ADDRESS = "http://operator/";

const SCRIPT = `
const ACTS = {
  get: ({ KV }, [key]) => KV.get(key),
  put: ({ KV }, [key, value, options]) => KV.put(key, value, options),
  delete: ({ KV }, [key]) => KV.delete(key),
  scheduled: async ({ BALANCER }, [options]) => (await BALANCER.scheduled(options)).outcome,
};
export default {
  async fetch(request, env) {
    if (request.headers.get("${SECRET_HEADER}") !== env.SECRET) return new Response(null, { status: 403 });
    const { act, given } = await request.json();
    try {
      return Response.json({ result: (await ACTS[act](env, given)) ?? null });
    } catch (error) {
      return Response.json({ error: String(error) });
    }
  },
};`;

/** What the operator can do, and with what. */
interface Acts {
  get(key: string): string | null;
  put(key: string, value: string, options: { metadata: { updated_at: number } }): null;
  delete(key: string): null;
  /** @returns the outcome */
  scheduled(options: { cron: string }): string;
}

type Send = (
  url: string,
  init: { method: "POST"; headers: Record<string, string>; body: string },
) => Promise<{ json(): Promise<unknown> }>;

export class Operator {
  readonly #secret = randomUUID();

  /** Miniflare's options of it. It must be the first Worker. @param kv id of the namespace @param balancer its name */
  options(kv: string, balancer: string) {
    return {
      name: NAME,
      modules: true,
      script: SCRIPT,
      compatibilityDate: "2026-10-01",
      compatibilityFlags: ["service_binding_extra_handlers"],
      bindings: { SECRET: this.#secret },
      kvNamespaces: { KV: { id: kv } },
      serviceBindings: { BALANCER: balancer },
    };
  }

  /** @param send `dispatchFetch` of the Miniflare that has it @throws Error with what went wrong in it */
  async ask<Act extends keyof Acts>(
    send: Send,
    act: Act,
    ...given: Parameters<Acts[Act]>
  ): Promise<ReturnType<Acts[Act]>> {
    const headers = { [SECRET_HEADER]: this.#secret };
    const response = await send(ADDRESS, { method: "POST", headers, body: JSON.stringify({ act, given }) });
    const answer = (await response.json()) as { result: ReturnType<Acts[Act]> } | { error: string };
    if ("error" in answer) throw new Error(answer.error);
    return answer.result;
  }
}
