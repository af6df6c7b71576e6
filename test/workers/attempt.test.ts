/** What an attempt ends with where the request never left. */
import { describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { parsePool } from "../../src/config/parse.ts";
import { Attempt, type AttemptResult, type Sending } from "../../src/edge/forward/attempt.ts";
import type { EdgeRequest } from "../../src/edge/model/edge-request.ts";
import { EdgeServer } from "../../src/edge/model/edge-server.ts";
import { WorkerSurroundings } from "../../src/edge/worker-surroundings.ts";
import type { Env } from "../../src/platform/env.ts";
import { proberThrough } from "../../src/pool/health/prober.ts";

/** Nobody listens there. */
const REFUSING = "http://127.0.0.1:1";

/** An origin as a document has it. */
function serverAt(document: object): EdgeServer {
  const parsed = parsePool({ origins: [{ id: "a", ...document }] }, { allowIpOrigins: true });
  const [origin] = parsed.ok ? parsed.value.origins : [];
  if (origin === undefined) throw new Error("the origin is bad");
  return new EdgeServer(origin);
}

/** @param env the Worker's bindings */
function within(env: object): WorkerSurroundings {
  return new WorkerSurroundings({ LB_NAME: "attempts", ...env } as Env);
}

function sending(method: string, header: string, server = serverAt({ url: REFUSING })): Sending {
  const headers = new Headers({ accept: "*/*" });
  return {
    edge: { method, sentTarget: "/", request: { headers }, upgrade: "none" } as unknown as EdgeRequest,
    server,
    prepare: (sent) => sent.set(header, "1"),
    body: { kind: "none" },
    timeoutMs: 10_000,
    longestPauseMs: 10_000,
    abort: new AbortController(),
    timers: { now: () => 0, startTimer: () => ({ stop: () => undefined }) },
    surroundings: within({}),
  };
}

/** As an exchange makes it. */
async function attempt(sending: Sending): Promise<AttemptResult> {
  const attempt = new Attempt(sending);
  try {
    return attempt.answered(await attempt.send());
  } catch (error) {
    return attempt.failed(error);
  }
}

/** Stands in for `fetch`, and shows its arguments. */
function fetched() {
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response("there"));
  onTestFinished(() => spy.mockRestore());
  return spy;
}

describe("an attempt at an origin with a binding", () => {
  const server = serverAt({ url: "http://10.9.8.7", binding: "ORIGIN_VPC" });
  const at = (env: object) => ({ ...sending("GET", "x-sent", server), surroundings: within(env) });

  it("that throws could not reach the origin", async () => {
    // As the binding of a VPC network does where the origin refuses. There is none on one machine.
    const broken = { fetch: () => Promise.reject(new Error("refused")) };
    expect(await attempt(at({ ORIGIN_VPC: broken }))).toMatchObject({ end: "connect_failure" });
  });

  it("that throws before it gives a promise could not reach the origin either", async () => {
    const broken = {
      fetch: () => {
        throw new Error("refused");
      },
    };
    expect(await attempt(at({ ORIGIN_VPC: broken }))).toMatchObject({ end: "connect_failure" });
  });

  it("that this isolate lacks is nobody's failure, and nothing is sent", async () => {
    const fetch = fetched();
    expect(await attempt(at({}))).toEqual({ end: "connection_lost", response: null, status: null });
    expect(fetch).not.toHaveBeenCalled();
  });
});

/** That it is passed on is all that can be seen here, because workerd on its own does not heed it. */
describe("resolve_override", () => {
  it("changes nothing on this machine", async () => {
    const [url = ""] = inject("origins");
    const server = serverAt({ url, resolve_override: "nowhere.example.com" });
    expect(await attempt(sending("GET", "x-sent", server))).toMatchObject({ end: "success" });
  });

  const document = { url: "http://www.example.com", resolve_override: "origin-2.example.com" };
  const cf = { resolveOverride: "origin-2.example.com" };

  it("goes with each request, those that carry their own body too", async () => {
    const fetch = fetched();
    const plain = sending("GET", "x-sent", serverAt(document));
    await attempt(plain);
    const request = new Request("http://a.test", { method: "POST", body: "hello" });
    await attempt({ ...plain, body: { kind: "request", request, isWhole: true } });
    expect(fetch.mock.calls.map(([, init]) => init)).toMatchObject([{ cf }, { cf }]);
  });

  it("goes with each probe", async () => {
    const fetch = fetched();
    const parsed = parsePool({ origins: [{ id: "a", ...document }], health_check: {} });
    const [origin] = parsed.ok ? parsed.value.origins : [];
    if (!parsed.ok || origin === undefined || parsed.value.health_check === null) throw new Error("bad pool");
    expect(await proberThrough({})(parsed.value.health_check, origin)).toMatchObject({ passed: true });
    expect(fetch.mock.calls).toMatchObject([["http://www.example.com/", { cf }]]);
  });

  it("is not there where it is not configured", async () => {
    const fetch = fetched();
    await attempt(sending("GET", "x-sent"));
    expect(fetch.mock.calls[0]?.[1]).not.toHaveProperty("cf");
  });
});

describe("an attempt", () => {
  it("at an origin that refuses ends as the origin's failure", async () => {
    const result = await attempt(sending("GET", "x-sent"));
    expect(result).toEqual({ end: "connect_failure", response: null, status: null });
  });

  it.each(["CONNECT", "A B"])(
    "that cannot be made, for its method %s, is no origin's failure",
    async (method) => {
      await expect(attempt(sending(method, "x-sent"))).rejects.toThrow(TypeError);
    },
  );

  it("whose headers cannot be made is no origin's failure", async () => {
    await expect(attempt(sending("GET", "not a name"))).rejects.toThrow(TypeError);
  });
});
