/**
 * The dashboard as an operator uses it: real Chromium, the started program, real origins that die and come back.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Balancer, startBalancer } from "../system/support/balancer.ts";
import { eventually } from "../system/support/eventually.ts";
import { type Origin, startOrigins } from "../system/support/origins.ts";
import { expectNoComplaints, openBrowser, shows, signIn, type Visitor } from "./support/browser.ts";
import { startTraffic, type Traffic } from "./support/traffic.ts";

const ADMIN = "browser-admin-token";
const READER = "browser-read-token";

let origins: Origin[];
let balancer: Balancer;
let traffic: Traffic;
let visitor: Visitor;

beforeAll(async () => {
  origins = await startOrigins("a", "b", "c");
  const plain = origins.map((origin) => origin.config());
  const health_check = { path: "/healthz", interval: 0.5, timeout: 0.4, unhealthy_threshold: 2, flap: null };
  balancer = await startBalancer({
    adminToken: ADMIN,
    vars: { ADMIN_TOKENS: JSON.stringify([{ name: "reader", token: READER, scope: "read" }]) },
    config: {
      routes: [
        { path: "/split/*", pool: "split" },
        { path: "/edited/*", pool: "edited" },
        // Where the origins have a stream that does not end.
        { path: "/sse", pool: "drained" },
        { pool: "web" },
      ],
      pools: {
        web: { origins: plain, health_check },
        split: { algorithm: "weighted_round_robin", origins: plain.slice(0, 2) },
        edited: { origins: plain, drain_timeout: 300 },
        drained: { origins: plain, drain_timeout: 300 },
      },
    },
  });
  traffic = startTraffic(`${balancer.url}/web`, `${balancer.url}/split/x`);
});

afterAll(async () => {
  await traffic?.stop();
  await balancer?.kill();
  for (const origin of origins ?? []) await origin.kill();
});

beforeEach(async () => {
  visitor = await openBrowser();
});

afterEach(async () => {
  try {
    expectNoComplaints(visitor);
  } finally {
    await visitor.close();
  }
});

const enter = (query = "", token = ADMIN) => signIn(visitor, balancer.url, token, query);
const row = (origin: string) => `.origins > tbody > tr:has(th a:text-is("${origin}"))`;

async function api(path: string, init: RequestInit = {}): Promise<Response> {
  return await fetch(`${balancer.url}/_lb${path}`, {
    ...init,
    headers: { authorization: `Bearer ${ADMIN}`, ...init.headers },
  });
}

describe("the way in", () => {
  test("the bare path leads to the page, a wrong token is refused, a right one opens it, and out again", async () => {
    const { page, context } = visitor;
    await page.goto(`${balancer.url}/_lb?pool=split`);
    expect(page.url()).toBe(`${balancer.url}/_lb/?pool=split`);
    await page.getByLabel("Admin token").fill("not-the-token");
    await page.keyboard.press("Enter");
    await shows(page, "[role=alert]", "This token is not known here");
    await page.getByLabel("Admin token").fill(ADMIN);
    await page.keyboard.press("Enter");
    await shows(page, "h1", "split");
    const [cookie] = await context.cookies(`${balancer.url}/_lb/`);
    expect(cookie).toMatchObject({ name: "lb_session", path: "/_lb", httpOnly: true, sameSite: "Strict" });
    expect(cookie?.value).not.toContain(ADMIN);
    expect(await context.cookies(`${balancer.url}/web`)).toEqual([]);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Admin token").waitFor();
    expect(await context.cookies(`${balancer.url}/_lb/`)).toEqual([]);
  });

  test("a link from another site finds the session all the same", async () => {
    const { page } = visitor;
    await enter();
    // Another site to the browser: localhost is not 127.0.0.1.
    const elsewhere = balancer.url.replace("127.0.0.1", "localhost");
    await page.route(`${elsewhere}/alert`, (route) =>
      route.fulfill({
        contentType: "text/html",
        body: `<a href="${balancer.url}/_lb/?pool=web">alert</a>`,
      }),
    );
    await page.goto(`${elsewhere}/alert`);
    await page.getByRole("link", { name: "alert" }).click();
    await shows(page, "h1", "web");
  });

  test("a session that ends is begun anew without losing what was typed", async () => {
    const { page, context } = visitor;
    await enter("?pool=edited&view=config");
    const editor = page.getByLabel("The configuration of edited");
    await editor.fill('{ "origins": [] }');
    await context.clearCookies();
    const dialog = page.getByRole("dialog", { name: "Your session has ended" });
    await dialog.waitFor();
    await dialog.getByLabel("Admin token").fill("wrong-again");
    await page.keyboard.press("Enter");
    await shows(page, "dialog", "not known here");
    await dialog.getByLabel("Admin token").fill(ADMIN);
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await page.locator(".is-live").waitFor();
    expect(await editor.inputValue()).toBe('{ "origins": [] }');
  });
});

describe("watching", () => {
  test("an origin dies and comes back, live and without a reload", async () => {
    const { page } = visitor;
    await enter();
    await shows(page, ".verdict", "All is well");
    await page.getByRole("link", { name: "web", exact: true }).first().click();
    await shows(page, row("b"), "Healthy");
    await page.evaluate("globalThis.stillTheSamePage = true");
    await origins[1]?.kill();
    await shows(page, row("b"), "Unhealthy");
    await shows(page, "#announcements", "Origin b of web: Unhealthy");
    await shows(page, ".timeline", "b is unhealthy");
    expect(await page.title()).toMatch(/^\(\d+ problems?\) web/);
    await origins[1]?.restart();
    await shows(page, row("b"), "Healthy");
    await shows(page, ".timeline", "b is healthy again");
    expect(await page.evaluate("globalThis.stillTheSamePage")).toBe(true);
  });

  test("traffic shows as figures, and as charts with a table for who does not see them", async () => {
    const { page } = visitor;
    await enter("?pool=split");
    await eventually("requests", async () => {
      const text = await page.locator(".stat:has(dt:text-is('Requests/s')) dd").first().textContent();
      return Number(text) > 0;
    });
    await shows(page, row("a"), /(49|50|51)% of 50%/);
    expect(await page.locator(".plot canvas").count()).toBe(3);
    const chart = page.getByRole("img", { name: /^Requests per second: a now [\d.]+, most/ });
    await chart.waitFor();
    await page.getByText("As a table").first().click();
    await page.getByRole("region", { name: "Requests per second, table" }).waitFor();
  });

  test("nothing is asked while the page is hidden", async () => {
    const { page } = visitor;
    await enter();
    let asked = 0;
    page.on("request", () => asked++);
    const hide = (hidden: boolean) =>
      page.evaluate(
        `Object.defineProperty(document, "hidden", { configurable: true, value: ${hidden} });
         document.dispatchEvent(new Event("visibilitychange"))`,
      );
    await hide(true);
    const before = asked;
    // The clock of the page is what is asked here: several polls would have been due.
    await page.waitForTimeout(4_000);
    expect(asked).toBe(before);
    await hide(false);
    await eventually("the next poll", () => asked > before);
  });

  test("says how old its facts are when the balancer is out of reach", async () => {
    const { page, context } = visitor;
    await enter();
    await context.setOffline(true);
    await shows(page, ".stale", "You see the state of");
    await shows(page, ".freshness", "Not live");
    visitor.complaints.length = 0;
    await context.setOffline(false);
    await page.getByRole("button", { name: "Try now" }).click();
    await page.locator(".is-live").waitFor();
    visitor.complaints.length = 0;
  });
});

describe("operating", () => {
  test("an origin is drained, with what is left of it, and takes traffic again", async () => {
    const { page } = visitor;
    const streams = new AbortController();
    await enter("?pool=drained");
    // Round robin: one at each origin.
    for (let i = 0; i < 3; i++) await fetch(`${balancer.url}/sse`, { signal: streams.signal });
    await page.getByRole("button", { name: "Drain c of drained" }).click();
    const dialog = page.getByRole("dialog", { name: "Drain c?" });
    await shows(page, "dialog", "2 origins of drained will be left");
    await dialog.getByRole("button", { name: "Drain" }).click();
    await shows(page, ".toast", "c of drained is being drained");
    await shows(page, row("c"), "Draining");
    await shows(page, row("c"), /1 in flight, at most (5 min|4 min \d+ s) more/);
    await shows(page, ".timeline", "c is being drained");
    await page.getByRole("button", { name: "Undrain c of drained" }).click();
    await shows(page, row("c"), "Healthy");
    streams.abort();
  });

  test("a weight is edited, and the split moves", async () => {
    const { page } = visitor;
    await enter("?pool=split");
    await shows(page, row("a"), /(49|50|51)% of 50%/);
    await page.getByRole("button", { name: "Weight a of split" }).click();
    const dialog = page.getByRole("dialog", { name: "Weight of a" });
    const field = dialog.getByLabel("Weight, 0 to 1000");
    expect(await field.inputValue()).toBe("1");
    await field.fill("9");
    await shows(page, "dialog", "90%");
    await page.keyboard.press("Enter");
    await shows(page, ".toast", "a of split has weight 9");
    await shows(page, row("a"), "of 90%");
    await shows(page, row("a"), /(8[89]|9[0-2])% of 90%/);
    await shows(page, "main", "version 2");
  });

  test("an origin is disabled with a word of warning, and enabled again", async () => {
    const { page } = visitor;
    await enter("?pool=edited");
    for (const name of ["b", "c"]) {
      await api(`/pools/edited/origins/${name}`, { method: "PATCH", body: '{"enabled":false}' });
    }
    await shows(page, row("b"), "Disabled");
    await page.getByRole("button", { name: "Disable a of edited" }).click();
    await shows(page, "dialog", "clients would get 503");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Enable b of edited" }).click();
    await shows(page, row("b"), "Healthy");
    await api("/pools/edited/origins/c", { method: "PATCH", body: '{"enabled":true}' });
  });

  test("the health check is run now, and tells what each probe saw", async () => {
    const { page } = visitor;
    await enter("?pool=web");
    await page.getByRole("button", { name: "Check now" }).click();
    const dialog = page.getByRole("dialog", { name: "What the probes of web saw" });
    await dialog.waitFor();
    expect(await dialog.getByRole("row").count()).toBe(4);
    await shows(page, "dialog", "Passed");
  });
});

describe("configuring", () => {
  test("a bad configuration is refused with the reason at its line, a good one compared and put in force", async () => {
    const { page } = visitor;
    await enter("?pool=edited&view=config");
    const editor = page.getByLabel("The configuration of edited");
    const good = await editor.inputValue();
    await editor.fill(`${good.slice(0, 10)},,`);
    await page.getByRole("button", { name: "Check and compare" }).click();
    await shows(page, "#document-errors", "not JSON");
    const lines = good.split("\n");
    const at = lines.findIndex((line) => line.includes('"id": "b"'));
    await editor.fill(lines.toSpliced(at, 0, '      "wieght": 2,').join("\n"));
    await page.getByRole("button", { name: "Check and compare" }).click();
    await shows(page, "#document-errors", 'did you mean "weight"?');
    await page.getByRole("button", { name: `Line ${at + 1}` }).click();
    await eventually("the selection of what is wrong", async () => {
      const selected = await page.evaluate(
        "(({ value, selectionStart, selectionEnd }) => value?.slice(selectionStart, selectionEnd))(document.activeElement)",
      );
      return selected === '"wieght": 2';
    });
    await editor.fill(lines.toSpliced(at, 0, '      "weight": 2,').join("\n"));
    await page.getByRole("button", { name: "Check and compare" }).click();
    await shows(page, ".changes", "origins[b].weight");
    await page.getByRole("button", { name: "Put in force" }).click();
    await shows(page, ".toast", "The configuration of edited is in force");
    const { config } = (await (await api("/pools/edited")).json()) as { config: { origins: object[] } };
    expect(config.origins[1]).toMatchObject({ id: "b", weight: 2 });
  });

  test("what somebody else wrote meanwhile is not written over, but shown", async () => {
    const { page } = visitor;
    await enter("?pool=edited&view=config");
    const editor = page.getByLabel("The configuration of edited");
    const mine = (await editor.inputValue()).replace('"drain_timeout": 300', '"drain_timeout": 200');
    await editor.fill(mine);
    await page.getByRole("button", { name: "Check and compare" }).click();
    await shows(page, ".changes", "drain_timeout");
    await api("/pools/edited/origins/c", { method: "PATCH", body: '{"weight":7}' });
    await page.getByRole("button", { name: "Put in force" }).click();
    await shows(page, ".panel", "Somebody else was faster");
    await shows(page, ".changes", "origins[c].weight");
    await page.getByRole("button", { name: "Keep mine, compare again" }).click();
    await shows(page, ".changes", "drain_timeout");
    await page.getByRole("button", { name: "Put in force" }).click();
    await shows(page, ".toast", "is in force");
    const { config } = (await (await api("/pools/edited")).json()) as { config: { drain_timeout: number } };
    expect(config.drain_timeout).toBe(200);
  });

  test("one goes back to an earlier version, after seeing what that changes", async () => {
    const { page } = visitor;
    await api("/pools/edited/origins/a", { method: "PATCH", body: '{"weight":5}' });
    const before = (await (await api("/pools/edited")).json()) as { version: number };
    await enter("?pool=edited&view=versions");
    await page.getByRole("button", { name: `Roll back to version ${before.version - 1}` }).click();
    const dialog = page.getByRole("dialog");
    await shows(page, "dialog .changes", "origins[a].weight");
    await dialog.getByRole("button", { name: "Roll back" }).click();
    await shows(page, ".toast", `is back at version ${before.version - 1}`);
    await shows(page, ".versions tr", new RegExp(`${before.version + 1}\\s+in force`));
  });

  test("a pool is made, and the routes lead to it", async () => {
    const { page } = visitor;
    await enter("?view=create");
    await page.getByLabel("Name").fill("fresh");
    const editor = page.getByLabel("The configuration of fresh");
    await editor.fill(JSON.stringify({ origins: [origins[0]?.config()] }));
    await page.getByRole("button", { name: "Check and compare" }).click();
    await page.getByRole("button", { name: "Put in force" }).click();
    await shows(page, "h1", "fresh");
    await page.getByRole("link", { name: "Routes" }).click();
    const routes = page.getByLabel("The routes");
    const text = await routes.inputValue();
    await routes.fill(text.replace("[", '[{ "path": "/fresh/*", "pool": "fresh" },'));
    await page.getByRole("button", { name: "Check and compare" }).click();
    await page.getByRole("button", { name: "Put in force" }).click();
    await shows(page, ".toast", "The routes are in force");
  });
});

describe("explaining", () => {
  test("a request is explained, with the reason for each origin", async () => {
    const { page } = visitor;
    await enter("?view=explain");
    await page.getByLabel("URL").fill(`${balancer.url}/split/x`);
    await page.getByRole("button", { name: "Explain" }).click();
    await shows(page, ".verdict", /It goes to split \/ [ab]/);
    await shows(page, ".steps", "/split/*");
    expect(await page.locator(".candidates tbody tr").count()).toBe(2);
  });
});

describe("a token that may only read", () => {
  test("sees everything, and no button that would fail", async () => {
    const { page } = visitor;
    await enter("?pool=split", READER);
    await shows(page, ".who", "reader");
    await shows(page, row("a"), "Healthy");
    expect(await page.locator("main button:visible").count()).toBe(0);
    await page.getByRole("link", { name: "Configuration" }).click();
    await shows(page, "main", "Your token may read this, not change it");
    expect(await page.getByLabel("The configuration of split").getAttribute("readonly")).not.toBeNull();
    await page.getByRole("link", { name: "Versions" }).click();
    await shows(page, ".versions", "Changes");
    expect(await page.getByRole("button", { name: /Roll back/ }).count()).toBe(0);
  });
});
