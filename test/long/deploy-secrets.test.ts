/** How the wrangler that is installed says that there is no Worker, and that something else is wrong. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { existingSecrets } from "../../scripts/lib/deploy/existing-secrets.ts";
import { runWrangler } from "../../scripts/lib/wrangler.ts";

/** Cloudflare's API, played: what it says to whatever it is asked. */
let reply: { status: number; body: unknown };
let server: Server;

beforeAll(async () => {
  server = createServer((_request, response) => {
    response.writeHead(reply.status, { "content-type": "application/json" }).end(JSON.stringify(reply.body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  vi.stubEnv("CLOUDFLARE_API_BASE_URL", `http://127.0.0.1:${port}`);
  vi.stubEnv("CLOUDFLARE_API_TOKEN", "a-token-of-nobody");
  vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", "0".repeat(32));
  vi.stubEnv("NO_PROXY", "127.0.0.1");
});

afterAll(() => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  server?.close();
});

const failure = (code: number, message: string) => ({
  success: false,
  errors: [{ code, message }],
  messages: [],
  result: null,
});

describe("the secrets of a Worker", () => {
  test("are none if Cloudflare says 10007", async () => {
    reply = { status: 404, body: failure(10007, "This Worker does not exist on your account.") };
    expect([...(await existingSecrets(runWrangler, []))]).toEqual([]);
  });

  test("are what Cloudflare lists", async () => {
    const result = [{ name: "AFFINITY_SECRET", type: "secret_text" }];
    reply = { status: 200, body: { success: true, errors: [], messages: [], result } };
    expect([...(await existingSecrets(runWrangler, []))]).toEqual(["AFFINITY_SECRET"]);
  });

  test.each([
    [404, 7003, "Could not route to that path: not found"],
    [403, 10000, "Authentication error"],
    [404, 10006, "upstream host not found"],
  ])("cannot be told after %i with code %i", async (status, code, message) => {
    reply = { status, body: failure(code, message) };
    await expect(existingSecrets(runWrangler, [])).rejects.toThrow("nothing was deployed");
  });
});
