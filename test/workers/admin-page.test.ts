/** The page itself: who gets it, what it holds and loads. */
import { describe, expect, it } from "vitest";
import { TOKENS } from "./admin-support.ts";
import { HOST, OWN, ownBrowser } from "./own-admin.ts";

describe("the page", () => {
  it("asks for a token, and shows the dashboard to users with a session", async () => {
    const { send, cookieOf } = ownBrowser();
    const stranger = await send("GET /");
    expect(stranger.status).toBe(200);
    expect(await stranger.text()).toContain('<form method="post" action="/_lb/login">');
    const known = await send("GET /", { headers: { cookie: await cookieOf(TOKENS.operate) } });
    const html = await known.text();
    expect(html).toContain('{"name":"robot","scope":"operate","via":"session"}');
    expect(html).not.toContain("/_lb/login");
  });

  it("has no inline script or style, and a policy that would not run one", async () => {
    const { send, cookieOf } = ownBrowser();
    for (const headers of [{}, { cookie: await cookieOf(TOKENS.admin) }]) {
      const response = await send("GET /", { headers });
      const policy = response.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain(`script-src ${HOST}/_lb/assets/`);
      expect(policy).not.toMatch(/unsafe|'self'|\*/);
      expect(response.headers.get("cache-control")).toBe("no-store");
      const html = await response.text();
      expect(html).not.toMatch(/ style=|<style|\son\w+=/);
      expect(html.match(/<script(?![^>]*(src=|application\/json))/g)).toBeNull();
      for (const [, url = ""] of html.matchAll(/(?:src|href)="([^"]+)"/g)) expect(url).toMatch(/^\/_lb\//);
    }
  });

  it("is at /_lb/, where the bare /_lb leads with its query", async () => {
    const { send } = ownBrowser();
    const bare = await send("GET ?pool=web");
    expect([bare.status, bare.headers.get("location")]).toEqual([308, "/_lb/?pool=web"]);
    const reloaded = await send("GET /login");
    expect([reloaded.status, reloaded.headers.get("location")]).toEqual([303, "/_lb/"]);
  });

  it("loads itself again for a user who comes by a link of another site, because the browser kept back the cookie", async () => {
    const { send } = ownBrowser();
    const cross = { "sec-fetch-site": "cross-site" };
    expect(await (await send("GET /?pool=web", { headers: cross })).text()).toContain(
      '<meta http-equiv="refresh" content="0;url=/_lb/?pool=web" />',
    );
    expect(await (await send("GET /?pool=web", { headers: OWN })).text()).toContain(
      'action="/_lb/login?pool=web"',
    );
  });

  it("shows nothing of a hostile address but as text", async () => {
    const { send } = ownBrowser();
    const hostile = `?a='"><script>alert(1)</script>&b=1`;
    for (const headers of [OWN, { "sec-fetch-site": "cross-site" }]) {
      const html = await (await send(`GET /${hostile}`, { headers })).text();
      expect(html).toContain("?a=%27%22%3E%3Cscript%3Ealert(1)%3C/script%3E&amp;b=1");
      expect(html).not.toContain("<script>");
    }
  });

  it("is under 100 KB with everything it loads, compressed, in files that may be kept for ever", async () => {
    const { send, cookieOf } = ownBrowser();
    const page = await (await send("GET /", { headers: { cookie: await cookieOf(TOKENS.admin) } })).text();
    const files = new Set([...page.matchAll(/"(\/_lb\/assets\/[^"]+)"/g)].map(([, url = ""]) => url));
    expect(files.size).toBe(4);
    let bytes = await compressedBytes(page);
    for (const file of files) {
      const response = await send(`GET ${file.slice("/_lb".length)}`);
      expect([file, response.status]).toEqual([file, 200]);
      expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      bytes += await compressedBytes(await response.text());
    }
    expect(bytes).toBeLessThan(100_000);
    for (const name of ["/assets/main.js", "/assets/constructor"]) {
      expect((await send(`GET ${name}`)).status).toBe(404);
    }
  });
});

async function compressedBytes(text: string): Promise<number> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}
