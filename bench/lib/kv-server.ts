/**
 * Serves a KV namespace of constant documents over the HTTP interface that workerd uses for KV.
 * @module
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { HOST } from "../../scripts/lib/listening.ts";

export interface KvServer {
  /** Host and port. */
  readonly address: string;
  stop(): void;
}

export async function startKv(documents: ReadonlyMap<string, string>): Promise<KvServer> {
  const metadata = JSON.stringify({ updated_at: Date.now() });
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://kv");
    if (request.method !== "GET") {
      response.writeHead(405).end();
    } else if (pathname === "/") {
      const prefix = searchParams.get("prefix") ?? "";
      const keys = [...documents.keys()].filter((key) => key.startsWith(prefix)).map((name) => ({ name }));
      response.end(JSON.stringify({ keys, list_complete: true, cacheStatus: null }));
    } else {
      const text = documents.get(decodeURIComponent(pathname.slice(1)));
      if (text === undefined) response.writeHead(404).end();
      else response.writeHead(200, { "cf-kv-metadata": metadata }).end(text);
    }
  });
  await once(server.listen(0, HOST), "listening");
  return {
    address: `${HOST}:${(server.address() as AddressInfo).port}`,
    stop: () => void server.close().closeAllConnections(),
  };
}
