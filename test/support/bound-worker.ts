/**
 * Another Worker, which the balancer of tests has as a service binding: an origin without an address.
 * @module
 */

/** Name of the binding. */
export const BOUND_AS = "ORIGIN_OTHER";

/**
 * Answers with what it was sent. `/gzip` is encoded, `/away` below any path redirects to another host; a WebSocket says
 * everything twice.
 */
const SCRIPT = `
export default {
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname.endsWith("/away")) return new Response(null, { status: 302, headers: { location: "http://away.example/" } });
    if (request.headers.get("upgrade") === "websocket") {
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      server.addEventListener("message", ({ data }) => server.send(data + data));
      return new Response(null, { status: 101, webSocket: client });
    }
    const seen = { url: request.url, method: request.method, agent: request.headers.get("user-agent"), body: await request.text() };
    const text = JSON.stringify(seen);
    if (url.pathname !== "/gzip") return new Response(text, { headers: { "content-type": "application/json" } });
    const body = new Response(text).body.pipeThrough(new CompressionStream("gzip"));
    return new Response(body, { encodeBody: "manual", headers: { "content-encoding": "gzip" } });
  },
};`;

export const BOUND_WORKER = {
  name: "bound-worker",
  modules: true,
  script: SCRIPT,
  compatibilityDate: "2026-10-01",
} as const;
