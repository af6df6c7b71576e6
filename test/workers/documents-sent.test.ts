/** Whom the objects send documents, each of which may have 2 MB: who shows or edits them, and nobody else. */
import { env } from "cloudflare:workers";
import { beforeAll, expect, it, vi } from "vitest";
import { RouteTable } from "../../src/pool/routes/routes-object.ts";
import { UpstreamPool } from "../../src/pool/upstream-pool.ts";
import { ask, origin } from "./admin-support.ts";

const body = { origins: [origin("a")] };
/** Longer than what is said of a pool. */
const NOTE = "x".repeat(10_000);

beforeAll(async () => {
  await ask("PUT /pools/lean", { body: `// ${NOTE}\n${JSON.stringify(body)}` });
  await ask("PUT /routes", { body: [{ pool: "lean" }] });
});

/** How often documents are sent while `act` runs. */
async function sentBy(act: () => Promise<unknown>): Promise<number> {
  const sent = [vi.spyOn(UpstreamPool.prototype, "describe"), vi.spyOn(RouteTable.prototype, "describe")];
  try {
    await act();
    return sent.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  } finally {
    vi.restoreAllMocks();
  }
}

it.each([
  "GET /pools/lean/stats",
  "GET /pools/lean/history",
  "GET /pools/lean/events",
  "GET /pools/lean/versions",
  "GET /routes/versions",
  "GET /pools",
  "GET /live",
  "GET /stats",
  "GET /metrics",
  "POST /pools/lean/check",
  "PUT /pools/lean",
  "PUT /pools/other",
  "PUT /routes",
  "DELETE /pools/other",
])("%s needs none", async (line) => {
  const isWrite = line.startsWith("PUT /pools");
  const asked = isWrite ? { body } : line === "PUT /routes" ? { body: [{ pool: "lean" }] } : {};
  expect(await sentBy(() => ask(line, asked))).toBe(0);
});

it.each(["GET /pools/lean", "GET /routes"])("%s is sent one", async (line) => {
  expect(await sentBy(() => ask(line))).toBe(1);
});

it("a scrape and a live view have none inside", async () => {
  const stub = env.UPSTREAM_POOL.getByName("lean");
  await ask("PUT /pools/lean", { body: `// ${NOTE}\n${JSON.stringify(body)}` });
  const views = [await stub.scrape(), await stub.live({ origins: 10, events: 0 })];
  for (const view of views) expect(JSON.stringify(view)).not.toMatch(/xxx|"document"/);
});
