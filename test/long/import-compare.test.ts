/**
 * `import ... --check-against`: a server on loopback stands in for the old balancer, and the new one is the real one.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Running } from "../system/support/balancer.ts";
import { freePort } from "../system/support/ports.ts";
import { childrenOf, NODE } from "../system/support/processes.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const root = mkdtempSync(join(tmpdir(), "edge-balancer-compared-"));
const servers: Server[] = [];
let shop: string;
let api: string;

beforeAll(async () => {
  [shop, api] = await Promise.all([serve(says("shop")), serve(says("api"))]);
});

afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
  rmSync(root, { recursive: true, force: true });
});

/** For one test: they are concurrent. */
function newDirectory(): string {
  return mkdtempSync(join(root, "test-"));
}

async function serve(answer: Answer): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function says(name: string): Answer {
  return ({ method, url }, response) => {
    response.setHeader("x-served-by", name);
    response.end(`${method} ${url}`);
  };
}

/** What the old balancer does. It takes /api for /api/, as the result does; the report names what nginx does there. */
function old(request: IncomingMessage, response: ServerResponse): void {
  const { url = "" } = request;
  if (request.headers.host !== "shop.example") response.writeHead(404).end();
  else if (url === "/old") response.writeHead(301, { location: "http://shop.example/new" }).end("moved");
  else says(/^\/api(\/|$)/.test(url) ? "api" : "shop")(request, response);
}

/** @param web what serves all paths but two */
const configOf = (web: readonly string[]) => `events {}
http {
  upstream web { ${web.map((address) => `server ${address};`).join(" ")} }
  server { listen 80 default_server; return 404; }
  server {
    listen 80;
    server_name shop.example;
    location = /old { return 301 /new; }
    location /api/ { proxy_pass http://${api}; }
    location / { proxy_pass http://web; }
  }
}`;

/** Runs the import to its end. */
async function imported(against: string, ...args: string[]) {
  return importedOf(configOf([shop]), against, ...args);
}

async function importedOf(config: string, against: string, ...args: string[]) {
  return runImport(newDirectory(), config, against, args);
}

/** @param temporary where the balancer's files go */
async function runImport(
  directory: string,
  config: string,
  against: string,
  args: readonly string[],
  temporary = directory,
) {
  const file = join(directory, "nginx.conf");
  writeFileSync(file, config);
  const all = ["import", "nginx", file, "--local", "--out", join(directory, "pools.json")];
  // What the runtime leaves behind goes with the directory.
  const running = new Running(NODE, ["scripts/pools.ts", ...all, "--check-against", against, ...args], {
    TMPDIR: temporary,
  });
  const { code } = await running.ended;
  expect(childrenOf(running.pid)).toEqual([]);
  return { code, said: running.stderr };
}

test.concurrent("an old balancer that does the same is found to do the same", async () => {
  const { code, said } = await imported(`http://${await serve(old)}`);
  expect(said).toMatch(/^\d+ requests are answered as http:\/\/127\.0\.0\.1:\d+ answers them$/m);
  expect(code).toBe(0);
});

test.concurrent("each difference is shown at its request, and the exit code is 1", async () => {
  const address = await serve((request, response) => {
    if (request.url?.startsWith("/api/")) says("shop")(request, response);
    else if (request.url === "/old") response.writeHead(302, { location: "/newer" }).end();
    else old(request, response);
  });
  const { code, said } = await imported(`http://${address}`);
  expect(said).toContain("GET http://shop.example/api/more\n  origin: there shop, here api\n");
  expect(said).toContain(
    "GET http://shop.example/old\n  status: there 302, here 301\n  location: there /newer, here /new\n",
  );
  expect(said).toMatch(/^\d+ of \d+ requests are answered otherwise than http:\/\/127/m);
  expect(code).toBe(1);
});

test.concurrent("origins that take turns, in whatever order, are no difference if each is asked several times", async () => {
  // Other requests take its turns at first, so each has seen one origin alone after its first three.
  const seen = new Map<string, number>();
  const turnOf = (path: string): number => {
    const turn = seen.get(path) ?? 0;
    seen.set(path, turn + 1);
    return turn;
  };
  const address = await serve((request, response) => {
    const isWeb = request.headers.host === "shop.example" && !/^\/(api(\/|$)|old$)/.test(request.url ?? "");
    if (isWeb) says(turnOf(request.url ?? "") < 3 ? "shop" : "api")(request, response);
    else old(request, response);
  });
  const { code, said } = await importedOf(configOf([shop, api]), `http://${address}`, "--times", "3");
  expect(said).toMatch(/^\d+ requests are answered as/m);
  expect(code).toBe(0);
});

test.concurrent("a list says which requests are sent, whatever their method", async () => {
  const seen: string[] = [];
  const address = await serve((request, response) => {
    seen.push(`${request.method} ${request.headers.host}${request.url} ${request.headers["x-a"]}`);
    old(request, response);
  });
  const list = join(newDirectory(), "requests.txt");
  writeFileSync(list, "DELETE http://shop.example/api/1?a=%2f\nX-A: b\n\nGET http://shop.example/\n");
  const { code, said } = await imported(`http://${address}`, "--requests", list, "--times", "2");
  expect(said).toContain("2 requests are answered as");
  expect(code).toBe(0);
  const expected = ["DELETE shop.example/api/1?a=%2f b", "GET shop.example/ undefined"];
  expect(seen.sort()).toEqual(expected.flatMap((line) => [line, line]));
});

test.concurrent("without a list only safe methods are sent", async () => {
  const methods = new Set<string | undefined>();
  const address = await serve((request, response) => {
    methods.add(request.method);
    old(request, response);
  });
  await imported(`http://${address}`);
  expect([...methods]).toEqual(["GET"]);
});

test.concurrent("an old balancer that hangs up is one that answers otherwise", async () => {
  const address = await serve((request, response) => {
    if (request.url === "/old") request.socket.destroy();
    else old(request, response);
  });
  const { code, said } = await imported(`http://${address}`);
  expect(said).toMatch(/GET http:\/\/shop\.example\/old\n {2}status: there \S.*, here 301\n/);
  expect(code).toBe(1);
});

test.concurrent("an old address that cannot be reached is an error", async () => {
  const address = `http://127.0.0.1:${await freePort()}`;
  const directory = newDirectory();
  // The balancer could not start either, but nobody waits for that.
  const { code, said } = await runImport(directory, configOf([shop]), address, [], join(directory, "none"));
  expect(said).toMatch(new RegExp(`^${address} cannot be reached: connection refused$`, "m"));
  expect(code).toBe(3);
});

test.concurrent("a list that is wrong is refused with its line", async () => {
  const list = join(newDirectory(), "requests.txt");
  writeFileSync(list, "GET shop.example\n");
  const { code, said } = await imported("http://127.0.0.1:9", "--requests", list);
  expect(said).toContain(`${list}:1: "GET shop.example" is not METHOD URL`);
  expect(code).toBe(2);
});
