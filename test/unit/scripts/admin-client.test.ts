/** What the command line says of what it meets at an address. Real HTTP on loopback; the real API is in test/system. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { AdminClient, ApiProblem } from "../../../scripts/lib/admin-client.ts";
import { Failure } from "../../../scripts/lib/failure.ts";

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const problem =
  (status: number, body: object, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    response
      .writeHead(status, { "content-type": "application/problem+json", ...headers })
      .end(JSON.stringify(body));

/** What is said about asking `listener` for pools. */
async function said(listener: RequestListener, token: string | null = "t"): Promise<string> {
  const base = await serve(listener);
  const asked = new AdminClient(base, token).ask("/pools", z.object({ pools: z.array(z.string()) }));
  const error: unknown = await asked.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw new Error(`not a failure: ${String(error)}`);
  return error.message.replace(base, "BASE");
}

describe("the admin client", () => {
  it("sends the token and a JSON body, and gives the answer", async () => {
    let seen: unknown;
    const base = await serve(async (request, response) => {
      const chunks: Buffer[] = await request.toArray();
      const { method, url, headers } = request;
      seen = [method, url, headers.authorization, headers["if-match"], Buffer.concat(chunks).toString()];
      response.end('{"pools":["web"],"more":1}');
    });
    const answer = await new AdminClient(base, "t0ken").ask(
      "/pools/x",
      z.object({ pools: z.array(z.string()) }),
      {
        method: "PUT",
        body: { a: 1 },
        headers: { "if-match": '"v1"' },
      },
    );
    expect(answer).toEqual({ pools: ["web"] });
    expect(seen).toEqual(["PUT", "/_lb/pools/x", "Bearer t0ken", '"v1"', '{"a":1}']);
  });

  it.each<[what: string, listener: RequestListener, sentence: string]>([
    [
      "an API without a token set",
      problem(404, { type: "no_route", title: "No route" }),
      "the admin API of BASE is switched off, because no token is set there: npx wrangler secret put ADMIN_TOKEN",
    ],
    ["a wrong token", problem(401, { type: "unauthorized", title: "x" }), "BASE does not take this token"],
    [
      "too many wrong tokens",
      problem(429, { type: "too_many_attempts", title: "x" }, { "retry-after": "12" }),
      "BASE: too many failed logins from this address, try again in 12 s",
    ],
    [
      "a token that may not do this",
      problem(403, { type: "forbidden", title: "x", detail: 'This needs the scope "admin".' }),
      'BASE refuses (403): This needs the scope "admin".',
    ],
    [
      "something that is not there",
      problem(404, { type: "not_found", title: "x", detail: 'There is no pool "x".' }),
      'BASE says: There is no pool "x".',
    ],
    [
      "another server",
      (_, response) => response.writeHead(404).end("<html>"),
      "BASE is no edge balancer: /_lb answers 404",
    ],
    [
      "an access proxy",
      (_, response) => response.writeHead(302, { location: "https://team.example.com/login?secret=1" }).end(),
      "BASE is no edge balancer: /_lb redirects to team.example.com (is there an access proxy in front of it?)",
    ],
    [
      "JSON of another kind",
      (_, response) => response.end('{"pools":1}'),
      "BASE answers /_lb/pools in another form",
    ],
    ["no JSON", (_, response) => response.end("hello"), "BASE answers /_lb/pools in another form"],
    [
      "a connection that breaks off",
      (request) => request.socket.destroy(),
      "BASE cannot be reached: the connection broke off",
    ],
  ])("meets %s", async (_, listener, sentence) => {
    expect(await said(listener)).toContain(sentence);
  });

  it("asks for a token if it has none", async () => {
    expect(await said(problem(401, { type: "unauthorized", title: "x" }), null)).toBe(
      "BASE asks for a token: set LB_ADMIN_TOKEN, or give --token",
    );
  });

  it("keeps what is wrong where in a document", async () => {
    const errors = [{ path: "pools.web.sticky", message: "pools.web.sticky: no" }];
    const base = await serve(problem(422, { type: "invalid", title: "x", errors }));
    const asked = new AdminClient(base, null).ask("/pools/web", z.unknown(), { method: "PUT", body: {} });
    await expect(asked).rejects.toMatchObject({ type: "invalid", errors });
    await expect(asked).rejects.toBeInstanceOf(ApiProblem);
  });

  it("finds nothing where there is nothing, and only there", async () => {
    const missing = await serve(problem(404, { type: "not_found", title: "x" }));
    const closed = await serve(problem(404, { type: "no_route", title: "x" }));
    expect(await new AdminClient(missing, null).find("/pools/web", z.unknown())).toBeNull();
    await expect(new AdminClient(closed, null).find("/pools/web", z.unknown())).rejects.toThrow(
      "switched off",
    );
  });

  it("says that nothing listens there", async () => {
    // No server of another test gets a port so low.
    const asked = new AdminClient("http://127.0.0.1:2", null).ask("/pools", z.unknown());
    await expect(asked).rejects.toThrow("nothing listens there. Start the balancer (npm start)");
  });

  it.each(["s3cret\nline", "s3cret\u2603", "s3cret x"])(
    "quotes no token that no header can hold: %j",
    async (token) => {
      const message = await said((_request, response) => response.end('{"pools":[]}'), token);
      expect(message).toContain("the token of LB_ADMIN_TOKEN or --token has characters");
      expect(message).not.toContain("s3cret");
    },
  );

  it("sends no token over plain http, but on this machine", async () => {
    for (const base of ["http://lb.example", "http://localhost.lb.example:8080", "http://10.0.0.5"]) {
      const asked = new AdminClient(base, "t0ken").ask("/pools", z.unknown());
      await expect(asked).rejects.toThrow("over https only");
    }
  });
});
