/**
 * Whatever a client sends, it gets its origin's answer, the runtime's refusal, or an answer of ours that is documented
 * as being about the request; and no origin is blamed for it.
 */
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN_TOKEN, admin, poolStats } from "../system/support/admin.ts";
import { type Balancer, startBalancer } from "../system/support/balancer.ts";
import { fetchRaw } from "../system/support/client.ts";
import { eventually } from "../system/support/eventually.ts";
import { type Origin, startOrigin } from "../system/support/origins.ts";
import { type OddRequest, oddRequests } from "./support/odd-requests.ts";

const SEED = 20_261_130;
const REQUESTS = 10_000;
const CONNECTIONS = 24;
/** A client that gets no answer, because its request is not whole, leaves after that; the others only if one hangs. */
const PATIENCE_MS = 500;
const LONG_PATIENCE_MS = 120_000;
const LIMIT_MS = 1_800_000;

/** Our answers that are about the request, and the runtime's own refusals of what is no HTTP. */
const ABOUT_THE_REQUEST = new Set([
  "request_timeout",
  "bad_request_body",
  "bad_websocket_handshake",
  "websocket_version",
]);
const INTERIM = /^HTTP\/1\.1 100 [\s\S]*?\r\n\r\n/;
const REFUSALS = new Set([400, 413, 414, 417, 431, 501, 505]);

let origin: Origin;
let balancer: Balancer;

beforeAll(async () => {
  origin = await startOrigin("a");
  // Twice the same: of two origins one may be ejected.
  const origins = [origin.config(), origin.config({ id: "b" })];
  const outlier_detection = {
    consecutive_failures: 2,
    failure_percent: 1,
    minimum_requests: 1,
    max_ejection_percent: 100,
  };
  const web = { origins, sticky: true, outlier_detection, log: { sample: 0 } };
  balancer = await startBalancer({ adminToken: ADMIN_TOKEN, config: { pools: { web } } });
});

afterAll(async () => {
  await balancer?.stop();
  await origin?.kill();
});

/** Everything that comes back for a request on a connection of its own. The client leaves when it has its answer. */
function answersTo({ head, body, breaksOff }: OddRequest): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(balancer.port, "127.0.0.1");
    let received = "";
    const leave = () => (breaksOff ? socket.resetAndDestroy() : socket.destroy());
    const timer = setTimeout(leave, breaksOff ? PATIENCE_MS : LONG_PATIENCE_MS);
    socket.setEncoding("latin1").on("data", (text: string) => {
      received += text;
      if (isWhole(received)) leave();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(received);
    });
    socket.write(head + body, "latin1");
  });
}

/** The head of an answer that is not 100, and its body if that has a length. */
function isWhole(received: string): boolean {
  const answer = received.replace(INTERIM, "");
  const end = answer.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /^content-length: (\d+)\r$/im.exec(answer.slice(0, end + 1))?.[1];
  return (
    length === undefined ||
    answer.length >= end + 4 + Number(length) ||
    /^HTTP\/1\.[01] (101|304)/.test(answer)
  );
}

/** A header that no client may send (RFC 9110, 5.5): the origin may hang up on it, which is then what we can say. */
const CONTROL = /[^\P{Cc}\t\r\n\u0080-\u009f]/u;
/** From there on the origin may refuse a head, and its answer may be lost with the connection (docs/forwarding.md). */
const LARGE_HEAD_BYTES = 15 * 1_024;

/** An origin may hang up on it. */
function mayHangUp({ head }: OddRequest): boolean {
  return CONTROL.test(head) || head.length >= LARGE_HEAD_BYTES;
}

/** The balancer says 502 to a request that an origin may hang up on; an answer to HEAD has no body that names the problem. */
function isHungUp(request: OddRequest, received: string): boolean {
  const { head } = request;
  const answer = received.replace(INTERIM, "");
  if (!mayHangUp(request)) return false;
  return (
    answer.includes('"type":"origin_failed"') || (/^HEAD /.test(head) && /^HTTP\/1\.[01] 502 /.test(answer))
  );
}

/** What is wrong with an answer, or null. */
function wrong(request: OddRequest, received: string): string | null {
  const answer = received.replace(INTERIM, "");
  if (answer === "" || /^x-origin: a\r$/im.test(answer)) return null;
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0);
  const type = /"type":"(\w+)"/.exec(answer)?.[1];
  if (isHungUp(request, received)) return null;
  const isFine = type === undefined ? REFUSALS.has(status) : ABOUT_THE_REQUEST.has(type);
  return isFine ? null : answer.slice(0, 300);
}

test(
  `${REQUESTS} odd requests (seed ${SEED}) get no answer that blames an origin, and blame none`,
  async () => {
    const requests = oddRequests(REQUESTS, SEED);
    const failures: unknown[] = [];
    let served = 0;
    let hungUp = 0;
    /** Whose client left, or was reset, before it had an answer: that may have been a 502. */
    let unheard = 0;
    const next = requests.values();
    const work = async (): Promise<void> => {
      for (const request of next) {
        const received = await answersTo(request);
        if (/^x-origin: a\r$/im.test(received)) served++;
        const problem = wrong(request, received);
        if (isHungUp(request, received)) hungUp++;
        else if (mayHangUp(request) && received.replace(INTERIM, "") === "") unheard++;
        if (problem !== null)
          failures.push({ head: request.head.slice(0, 500), body: request.body.slice(0, 40), problem });
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, work));
    expect(failures.slice(0, 10)).toEqual([]);
    expect(served, "enough of them are requests that an origin answers").toBeGreaterThan(REQUESTS / 4);

    const stats = await eventually("all are reported", async () => {
      const seen = await poolStats(balancer.url, "web");
      return seen.requests >= served && seen;
    });
    expect(stats).toMatchObject({ errors: 0, retries: 0 });
    const { origin_failed = 0, ...others } = stats.unserved;
    expect(others).toEqual({});
    expect(origin_failed).toBeGreaterThanOrEqual(hungUp);
    expect(origin_failed).toBeLessThanOrEqual(hungUp + unheard);
    expect(Object.values(stats.origins).map((each) => each.in_service)).toEqual([true, true]);
    const { events } = (await admin(balancer.url, "/pools/web/events")) as { events: { kind: string }[] };
    expect(events.filter(({ kind }) => kind === "ejected")).toEqual([]);
    for (let i = 0; i < 4; i++) expect((await fetchRaw(balancer.url, "/after")).status).toBe(200);
  },
  LIMIT_MS,
);
