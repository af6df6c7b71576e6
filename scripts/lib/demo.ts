/**
 * The demo: three origins, a configuration for them, visitors for one of its pools, and a text with commands to try.
 * @module
 */
import { type DemoOrigin, startDemoOrigin } from "./demo-origin.ts";
import { startVisitors } from "./demo-visitors.ts";

/** The shop of the last origin breaks down for half a minute every so often. */
const BREAKDOWN_EVERY_MS = 240_000;
const FIRST_BREAKDOWN_MS = 60_000;

export interface Demo {
  readonly origins: readonly DemoOrigin[];
  readonly config: { routes: unknown[]; pools: Record<string, unknown> };
  /** Lets visitors in. @param url the balancer's */
  open(url: string): void;
  stop(): Promise<void>;
}

export async function startDemo(): Promise<Demo> {
  const origins = await Promise.all([
    startDemoOrigin("a", 18),
    startDemoOrigin("b", 30),
    startDemoOrigin("c", 55),
  ]);
  const ends: (() => void)[] = [];
  return {
    origins,
    config: demoConfig(origins),
    open(url) {
      const visitors = startVisitors(`${url}/shop/`);
      const breakDown = () => origins.at(-1)?.shop.break();
      const first = setTimeout(breakDown, FIRST_BREAKDOWN_MS);
      const others = setInterval(breakDown, BREAKDOWN_EVERY_MS);
      ends.push(
        () => visitors.stop(),
        () => clearTimeout(first),
        () => clearInterval(others),
      );
    },
    async stop() {
      for (const end of ends) end();
      await Promise.all(origins.map((origin) => origin.stop()));
    },
  };
}

function demoConfig(origins: readonly DemoOrigin[]): Demo["config"] {
  const plain = origins.map(({ name, url }) => ({ id: name, url }));
  const weights = [3, 2, 1];
  const health_check = { type: "http", path: "/healthz", interval: 5, timeout: 2 };
  return {
    routes: [
      { path: "/weighted/*", pool: "weighted" },
      { path: "/sticky/*", pool: "sticky" },
      { path: "/shop/*", pool: "shop" },
      { pool: "web" },
    ],
    pools: {
      web: { origins: plain, health_check },
      weighted: {
        algorithm: "weighted_round_robin",
        origins: plain.map((origin, index) => ({ ...origin, weight: weights[index] })),
        health_check,
      },
      sticky: { sticky: true, origins: plain, health_check },
      shop: shopConfig(plain),
    },
  };
}

/** The pool with visitors. Its checks notice a breakdown in about four seconds, failing traffic sooner. */
function shopConfig([a, b, c]: readonly { id: string; url: string }[]): unknown {
  return {
    algorithm: "weighted_round_robin",
    origins: [
      { ...a, weight: 5 },
      { ...b, weight: 3 },
      { ...c, weight: 2, rate_limit: 10, max_connections: 50 },
    ],
    health_check: { path: "/shop/healthz", interval: 2, timeout: 1, unhealthy_threshold: 2 },
    outlier_detection: {},
    slow_start: 10,
    drain_timeout: 60,
    log: { sample: 0 },
  };
}

/** The text with the addresses and the commands to try. */
export function demoText(demo: Demo, url: string, adminToken: string): string {
  const origins = demo.origins.map(({ name, url }) => `${name} ${url}`).join("   ");
  const tries = [
    [`curl ${url}/`, "again and again: a b c a b c"],
    [`curl ${url}/weighted/`, "a three times as often as c"],
    [`curl -c cookies -b cookies ${url}/sticky/`, "always the same origin"],
    [`curl ${url}/status/503`, "all three are asked; the last answer is yours"],
    [`curl ${url}/headers`, "what an origin gets to see"],
    [`curl -N ${url}/events`, "server-sent events, one at a time"],
    [`curl "${url}/slow?ms=1500"`, "an answer that takes its time"],
    [`curl ${demo.origins[1]?.url}/shop/break`, "b's shop breaks for 30 s: see the dashboard"],
    [`curl -H "Authorization: Bearer ${adminToken}" ${url}/_lb/pools`, "the admin API"],
  ] as const;
  const width = Math.max(...tries.map(([command]) => (command.length < 60 ? command.length : 0)));
  return [
    `Demo origins   ${origins}`,
    `Balancer       ${url}   (WebSocket echo at ${url.replace("http", "ws")}/ws)`,
    `Dashboard      ${url}/_lb/   (sign in with the admin token; the pool shop has visitors)`,
    `Admin token    ${adminToken}`,
    "",
    "Try:",
    ...tries.map(([command, says]) => `  ${command.padEnd(width)}   # ${says}`),
    "",
  ].join("\n");
}
