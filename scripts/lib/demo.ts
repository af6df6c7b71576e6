/**
 * The demo: three origins, a configuration for them, and what to try.
 * @module
 */
import { type DemoOrigin, startDemoOrigin } from "./demo-origin.ts";

export interface Demo {
  readonly origins: readonly DemoOrigin[];
  readonly config: { routes: unknown[]; pools: Record<string, unknown> };
  stop(): Promise<void>;
}

export async function startDemo(): Promise<Demo> {
  const origins = await Promise.all(["a", "b", "c"].map((name) => startDemoOrigin(name)));
  return {
    origins,
    config: demoConfig(origins),
    async stop() {
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
    },
  };
}

/** The text that says what runs where and what to try. */
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
    [`curl -H "Authorization: Bearer ${adminToken}" ${url}/_lb/pools`, "the admin API"],
  ] as const;
  const width = Math.max(...tries.map(([command]) => (command.length < 60 ? command.length : 0)));
  return [
    `Demo origins   ${origins}`,
    `Balancer       ${url}   (WebSocket echo at ${url.replace("http", "ws")}/ws)`,
    `Dashboard      ${url}/_lb/`,
    `Admin token    ${adminToken}`,
    "",
    "Try:",
    ...tries.map(([command, says]) => `  ${command.padEnd(width)}   # ${says}`),
    "",
  ].join("\n");
}
