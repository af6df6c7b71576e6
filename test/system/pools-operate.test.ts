/**
 * `npm run pools -- explain`, `status`, `drain` and `undrain` on a balancer that runs. What `status --watch` and the
 * progress line look like on a terminal is not tested here: that needs one.
 */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { poolsHere } from "../support/pools-command.ts";
import { type Balancer, startBalancer } from "./support/balancer.ts";
import { fetchRaw, open } from "./support/client.ts";
import { eventually } from "./support/eventually.ts";
import { type Origin, startOrigins } from "./support/origins.ts";
import { runPools, startPools } from "./support/pools.ts";
import { freePort } from "./support/ports.ts";

const TOKEN = "cli-test-token";
const DOWNLOAD_BYTES = 30_000_000;

let origins: Origin[];
let balancer: Balancer;

beforeAll(async () => {
  origins = await startOrigins("a", "b");
  const both = origins.map((origin) => origin.config());
  const off = origins.map((origin) => origin.config({ enabled: false }));
  balancer = await startBalancer({
    adminToken: TOKEN,
    config: {
      routes: [
        { path: "/off", pool: "off" },
        { path: "/fallback", pool: "off", fallback_pool: "web" },
        { host: "brief.test", pool: "brief" },
        { host: "held.test", pool: "held" },
        { host: "127.0.0.1", pool: "web" },
      ],
      pools: {
        web: { origins: both },
        off: { origins: off },
        brief: { origins: both, drain_timeout: 4 },
        held: { origins: both, count_websockets: true },
      },
    },
  });
});

afterAll(async () => {
  await balancer?.stop();
  await Promise.all((origins ?? []).map((origin) => origin.kill()));
});

const where = () => ({ LB_URL: balancer.url, LB_ADMIN_TOKEN: TOKEN });
const pools = (...args: string[]) => poolsHere(args, where());

describe("explain", () => {
  test("tells route, pool, origins and pick", async () => {
    const { code, stdout, stderr } = await pools("explain", "/cart", "--client-ip", "203.0.113.7");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`GET ${balancer.url}/cart  from 203.0.113.7\n`);
    expect(stdout).toContain('Route    5  {"host":"127.0.0.1","pool":"web"}\nPool     web  round_robin\n');
    expect(stdout).toMatch(/^> {2}[ab] {7}eligible/m);
    expect(stdout).toMatch(/^Goes to {2}[ab], by round_robin/m);
  });

  test("answers no where nothing would serve the request, and goes on to a fallback pool", async () => {
    const off = await pools("explain", "/off");
    expect(off.code).toBe(1);
    expect(off.stdout).toContain("left out: switched off (enabled: false)");
    expect(off.stdout).toContain("No origin is eligible: the balancer answers 503 no_origin_available.");
    const none = await pools("explain", "https://unknown.test/");
    expect(none.code).toBe(1);
    expect(none.stdout).toContain("Passed   1  */off: its path does not match\n");
    expect(none.stdout).toContain("Passed   5  127.0.0.1/*: its host does not match\n");
    expect(none.stdout).toContain("No route matches: the balancer answers 404 no_route.");
    const fallback = await pools("explain", "/fallback");
    expect(fallback.code).toBe(0);
    expect(fallback.stdout).toContain("the route's fallback_pool is next");
    expect(fallback.stdout).toMatch(/^Goes to {2}[ab], by round_robin/m);
  });

  test("--json gives the API's answer, for the method and headers that were told", async () => {
    const { code, stdout } = await pools("explain", "/x", "--json", "-X", "post", "-H", "X-Test: 1");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ pool: "web", candidates: [{ id: "a" }, { id: "b" }] });
  });
});

describe("status", () => {
  test("tells of every pool and origin, and of their traffic", async () => {
    // More and more of it: where the object was too slow for the first ones, two of them may have gone to one origin.
    const shown = await eventually("traffic", async () => {
      for (let i = 0; i < 8; i++) await fetchRaw(balancer.url, "/");
      const { stdout } = await pools("status", "--window", "60");
      return / {2}a +healthy +\d+\w +[\d.]+ +0\.0% +[\d.]+m?s +[\d.]+m?s +0 +50%/.test(stdout) && stdout;
    });
    expect(shown).toContain(`${balancer.url}   4 pools, 8 origins   traffic of the last 60 s`);
    expect(shown).toMatch(/^POOL +HEALTH +SINCE +REQ\/S +ERRORS +P50 +P99 +ACTIVE +SHARE$/m);
    expect(shown).toMatch(/^off +0 of 2 in service/m);
    expect(shown).toMatch(/^web +2 of 2 in service/m);
  });

  test("--json gives state and traffic of the pools that were asked for", async () => {
    const { code, stdout } = await pools("status", "web", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      window_s: 10,
      pools: [
        { id: "web", error: null, state: { origins: [{ id: "a" }, { id: "b" }] }, traffic: { pool: "web" } },
      ],
    });
  });

  test("--watch wants a terminal", async () => {
    expect(await pools("status", "--watch")).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("drain", () => {
  /** A download from origin b, held open. */
  async function downloadFromB(host: string): Promise<IncomingMessage> {
    return await eventually("a download from b", async () => {
      const { response } = await open(balancer.url, `/bytes/${DOWNLOAD_BYTES}`, { headers: { host } });
      if (response.headers["x-origin"] === "b") return response;
      response.destroy();
      return undefined;
    });
  }

  beforeEach(async () => {
    for (const pool of ["web", "brief"]) await pools("undrain", pool, "b");
  });

  test("--wait continues until all open requests have ended", async () => {
    const download = await downloadFromB("127.0.0.1");
    const waiting = startPools(["drain", "web", "b", "--wait"], where());
    await eventually("it waits for the download", () =>
      /^web\/b: 1 connection open, \d:\d\d left$/m.test(waiting.stderr),
    );
    await eventually("a serves alone", async () => {
      const served = [await fetchRaw(balancer.url, "/"), await fetchRaw(balancer.url, "/")];
      return served.every(({ headers }) => headers["x-origin"] === "a");
    });
    expect(waiting.process.exitCode).toBeNull();
    download.resume();
    expect(await waiting.ended).toEqual({ code: 0, signal: null });
    expect(waiting.stdout).toBe("web/b is empty\n");
    expect(await pools("drain", "web", "b")).toMatchObject({
      code: 0,
      stdout: "web/b is drained already, 0 connections open\n",
    });
    expect((await pools("undrain", "web", "b")).stdout).toBe("web/b is not drained any more\n");
    expect((await pools("undrain", "web", "b")).stdout).toBe("web/b was not draining\n");
  });

  test("--wait goes on until the last of an event stream and a counted WebSocket is gone", async () => {
    const headers = { host: "held.test" };
    const stream = await eventually("an event stream from b", async () => {
      const { response } = await open(balancer.url, "/sse", { headers });
      if (response.headers["x-origin"] === "b") return response;
      response.destroy();
      return undefined;
    });
    const socket = await eventually("a WebSocket to b", async () => {
      const tried = new WebSocket(`${balancer.url.replace("http", "ws")}/ws`, { headers });
      const [{ headers: answered }] = (await once(tried, "upgrade")) as [IncomingMessage];
      if (answered["x-origin"] === "b") return tried;
      tried.terminate();
      return undefined;
    });
    const waiting = startPools(["drain", "held", "b", "--wait"], where());
    await eventually("both are seen", () => /^held\/b: 2 connections open/m.test(waiting.stderr));
    stream.destroy();
    await eventually("the socket is left", async () => {
      // Of a client that closed without a reset the platform hears with the next event.
      await origins[1]?.push("beat");
      return /^held\/b: 1 connection open/m.test(waiting.stderr);
    });
    expect(waiting.process.exitCode, "it waits for the socket").toBeNull();
    socket.close();
    expect(await waiting.ended).toEqual({ code: 0, signal: null });
    expect(waiting.stdout).toBe("held/b is empty\n");
    // Streams of a that were left without a reset are heard of with its next events, too.
    await eventually("a's streams are left", async () => (await origins[0]?.push("beat")) === 0);
  });

  test("--wait answers no if the time is up with connections left", async () => {
    const download = await downloadFromB("brief.test");
    const { code, stdout } = await runPools(["drain", "brief", "b", "--wait"], where());
    expect({ code, stdout }).toEqual({ code: 1, stdout: "brief/b: time is up, and 1 connection left\n" });
    download.destroy();
  });

  test("Ctrl-C ends the waiting, not the drain; undrain ends both", async () => {
    const download = await downloadFromB("127.0.0.1");
    const one = startPools(["drain", "web", "b", "--wait"], where());
    await eventually("it waits", () => one.stderr.includes("connection open"));
    expect(await one.signal("SIGINT")).toEqual({ code: 130, signal: null });
    expect(one.stdout).toBe("web/b drains on; undrain would end that\n");
    expect((await pools("drain", "web", "b")).stdout).toMatch(
      /^web\/b is draining already: 1 connection open, /,
    );

    const other = startPools(["drain", "web", "b", "--wait"], where());
    await eventually("it waits", () => other.stderr.includes("connection open"));
    await pools("undrain", "web", "b");
    expect(await other.ended).toMatchObject({ code: 1 });
    expect(other.stdout).toBe("web/b: somebody ended the drain\n");
    download.destroy();
  });
});

describe("an error is a sentence and exit code 3", () => {
  test.each<[what: string, args: string[], env: Record<string, string>, sentence: string]>([
    ["an unknown pool", ["drain", "wbe", "a"], {}, 'says: There is no pool "wbe".'],
    ["an unknown origin", ["drain", "web", "x"], {}, 'says: The pool has no origin "x".'],
    ["an unknown pool's status", ["status", "wbe"], {}, 'says: There is no pool "wbe".'],
    ["no token", ["status"], { LB_ADMIN_TOKEN: "" }, "asks for a token: set LB_ADMIN_TOKEN, or give --token"],
    ["a wrong token", ["status", "--token", "wrong"], {}, "does not take this token"],
  ])("%s", async (_, args, env, sentence) => {
    const { code, stdout, stderr } = await poolsHere(args, { ...where(), ...env });
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  test("nothing listens there", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    for (const args of [
      ["status"],
      ["explain", "/"],
      ["drain", "web", "a"],
      ["pull", "x.json", "--url", url],
    ]) {
      const { code, stderr } = await poolsHere(args, { LB_URL: url, LB_ADMIN_TOKEN: TOKEN });
      expect(code).toBe(3);
      expect(stderr).toContain(`${url} cannot be reached: nothing listens there. Start the balancer`);
    }
  });

  test("an admin API without a token is switched off", async () => {
    const other = await startBalancer({
      adminToken: null,
      config: { pools: { web: { origins: [{ id: "a", url: balancer.url }] } } },
    });
    const { code, stderr } = await poolsHere(["status", "--url", other.url], { LB_ADMIN_TOKEN: TOKEN });
    await other.stop();
    expect(code).toBe(3);
    expect(stderr).toContain("is switched off, because no token is set there");
  });
});
