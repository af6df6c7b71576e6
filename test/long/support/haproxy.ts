/**
 * HAProxy itself beside the balancer on what is imported of its files.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { importHaproxy } from "../../../scripts/lib/import/haproxy/index.ts";
import { type Balancer, startBalancer } from "../../system/support/balancer.ts";
import { fetchRaw, type Reply, type RequestOptions } from "../../system/support/client.ts";
import { eventually } from "../../system/support/eventually.ts";
import { freePort } from "../../system/support/ports.ts";

export const HAPROXY = process.env.HAPROXY ?? "/usr/sbin/haproxy";
const FILES = join(import.meta.dirname, "../haproxy");
const OPTIONS = { scheme: null, names: new Map<string, string>(), prefix: null, local: true };
const ANYONE = "192.0.2.1";

/** Origins that say who they are, the balancer, and the files that both are run with. */
export class World {
  readonly directory = mkdtempSync(join(tmpdir(), "import-haproxy-"));
  /** By the names that stand for them in the files. */
  readonly addresses: Record<string, string> = {};
  readonly #origins: Server[] = [];
  #balancer: Balancer | null = null;

  async start(): Promise<void> {
    for (const name of ["a", "b", "c"])
      this.addresses[`ORIGIN_${name.toUpperCase()}`] = await this.#startOrigin(name);
    this.addresses.ORIGIN_DOWN = `127.0.0.1:${await freePort()}`;
    const none = { origins: [{ id: "none", url: "http://127.0.0.1" }] };
    this.#balancer = await startBalancer({
      config: { routes: [{ respond: { status: 404 } }], pools: { none } },
    });
  }

  get balancer(): Balancer {
    if (this.#balancer === null) throw new Error("start first");
    return this.#balancer;
  }

  async stop(): Promise<void> {
    await this.#balancer?.stop();
    for (const origin of this.#origins) origin.close();
    rmSync(this.directory, { recursive: true });
  }

  /** Says who it is and what it got. */
  async #startOrigin(name: string): Promise<string> {
    const origin = createServer((request, response) => {
      const seen = Object.entries(request.headers).filter(([header]) =>
        /^x-(client|constant|secret)$/.test(header),
      );
      response.setHeader("x-powered-by", "Test");
      response.end(JSON.stringify({ name, method: request.method, url: request.url, seen: seen.sort() }));
    }).listen(0, "127.0.0.1");
    await once(origin, "listening");
    this.#origins.push(origin);
    return `127.0.0.1:${(origin.address() as AddressInfo).port}`;
  }
}

/** A file as it is imported and as HAProxy runs it. */
export class SideBySide {
  readonly #name: string;
  readonly #world: World;
  #haproxy: ChildProcess | undefined;
  #base = "";
  report = "";

  constructor(name: string, world: World) {
    this.#name = name;
    this.#world = world;
  }

  async start(): Promise<void> {
    const text = readFileSync(join(FILES, this.#name), "utf8").replace(
      /ORIGIN_\w+/g,
      (name) => this.#world.addresses[name] ?? name,
    );
    const { config, findings } = importHaproxy([this.#write("imported", text)], OPTIONS);
    this.report = findings.report();
    // A route of the test's own says when the balancer has this configuration.
    const mark = { host: "imported.test", respond: { body: this.#name } };
    this.#world.balancer.writeConfig({ ...config, routes: [mark, ...(config.routes ?? [])] });
    await this.#serve(text);
    await eventually("HAProxy", () => fetchRaw(this.#base, "/").catch(() => undefined));
    await eventually("the balancer", async () => {
      const { body } = await fetchRaw(this.#world.balancer.url, "/", { headers: { host: "imported.test" } });
      return body.toString() === this.#name;
    });
  }

  /** Without TLS, at ports of this machine, and with the client's address from the same header as the balancer. */
  async #serve(text: string): Promise<void> {
    let served = text
      .replace("# SRC", "http-request set-src hdr(cf-connecting-ip)")
      .replace(/\{ ssl_fc \}/g, "{ always_true }")
      .replace(/ ssl crt \S+/g, "");
    for (const [, port = ""] of text.matchAll(/bind :(\d+)/g)) {
      const here = await freePort();
      served = served.replace(`bind :${port}`, `bind 127.0.0.1:${here}`);
      if (port === "443") this.#base = `http://127.0.0.1:${here}`;
    }
    const file = this.#write("served", served);
    this.#haproxy = spawn(HAPROXY, ["-db", "-q", "-f", file], {
      cwd: join(this.#world.directory, this.#name, "served"),
      stdio: "ignore",
    });
  }

  #write(kind: string, text: string): string {
    const to = join(this.#world.directory, this.#name, kind);
    mkdirSync(to, { recursive: true });
    cpSync(FILES, to, { recursive: true });
    writeFileSync(join(to, this.#name), text);
    return join(to, this.#name);
  }

  stop(): void {
    this.#haproxy?.kill();
  }

  async ask({ url, ...options }: Asked): Promise<{ there: Answer; here: Answer }> {
    const slash = url.indexOf("/");
    const headers = { "cf-connecting-ip": ANYONE, ...options.headers, host: url.slice(0, slash) };
    const at = async (base: string) =>
      answer(await fetchRaw(base, url.slice(slash), { ...options, headers }));
    return { there: await at(this.#base), here: await at(this.#world.balancer.url) };
  }

  /** Asks all of it, and fails at each difference that none of `named` explains. */
  async compare(asked: readonly Asked[], named: readonly Difference[]): Promise<void> {
    const unexplained: unknown[] = [];
    const met = new Set<Difference>();
    for (const each of asked) {
      const { there, here } = await this.ask(each);
      if (JSON.stringify(there) === JSON.stringify(here)) continue;
      const difference = named.find(({ at }) => at(each, there));
      if (difference === undefined) unexplained.push({ asked: each, there, here });
      else met.add(difference);
    }
    expect(unexplained).toEqual([]);
    for (const difference of named) {
      expect(this.report).toMatch(difference.said);
      expect(met, `${difference.said}: nothing differs`).toContain(difference);
    }
  }
}

export type Asked = RequestOptions & { readonly url: string };

type Answer = ReturnType<typeof answer>;

export interface Difference {
  readonly at: (asked: Asked, there: Answer) => boolean;
  readonly said: RegExp;
}

/** An answer as far as both must agree: a page of their own about an error is each one's own. */
function answer({ status, headers, body }: Reply) {
  const text = body.toString();
  return {
    status,
    location: headers.location,
    body:
      status === 200 && text.startsWith("{")
        ? (JSON.parse(text) as unknown)
        : status === 200 || status === 451
          ? text
          : "",
    headers: Object.entries(headers).filter(([name]) => /^x-(everywhere|own|powered-by)$/.test(name)),
  };
}
