/**
 * The dashboard as its users see it: real Chromium, the started program, real origins that die and come back.
 */
import { describe, expect, test } from "vitest";
import { eventually } from "../system/support/eventually.ts";
import { shows } from "./support/browser.ts";
import { ADMIN, READER, row, useWorld } from "./support/world.ts";

const world = useWorld();

describe("the way in", () => {
  test("the bare path leads to the page, a wrong token is refused, a right one opens it, and out again", async () => {
    const { page, context } = world.visitor;
    await page.goto(`${world.balancer.url}/_lb?pool=split`);
    expect(page.url()).toBe(`${world.balancer.url}/_lb/?pool=split`);
    await page.getByLabel("Admin token").fill("not-the-token");
    await page.keyboard.press("Enter");
    await shows(page, "[role=alert]", "This token is not known here");
    await page.getByLabel("Admin token").fill(ADMIN);
    await page.keyboard.press("Enter");
    await shows(page, "h1", "split");
    const [cookie] = await context.cookies(`${world.balancer.url}/_lb/`);
    expect(cookie).toMatchObject({ name: "lb_session", path: "/_lb", httpOnly: true, sameSite: "Strict" });
    expect(cookie?.value).not.toContain(ADMIN);
    expect(await context.cookies(`${world.balancer.url}/web`)).toEqual([]);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Admin token").waitFor();
    expect(await context.cookies(`${world.balancer.url}/_lb/`)).toEqual([]);
  });

  test("a link from another site finds the session all the same", async () => {
    const { page } = world.visitor;
    await world.enter();
    // Another site to the browser: localhost is not 127.0.0.1.
    const elsewhere = world.balancer.url.replace("127.0.0.1", "localhost");
    await page.route(`${elsewhere}/alert`, (route) =>
      route.fulfill({
        contentType: "text/html",
        body: `<a href="${world.balancer.url}/_lb/?pool=web">alert</a>`,
      }),
    );
    await page.goto(`${elsewhere}/alert`);
    await page.getByRole("link", { name: "alert" }).click();
    await shows(page, "h1", "web");
  });

  test("a session that ends is begun anew without losing what was typed", async () => {
    const { page, context } = world.visitor;
    await world.enter("?pool=edited&view=config");
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
    const { page } = world.visitor;
    await world.enter();
    await shows(page, ".verdict", "All is well");
    await page.getByRole("link", { name: "web", exact: true }).first().click();
    await shows(page, row("b"), "Healthy");
    await page.evaluate("globalThis.stillTheSamePage = true");
    await world.origins[1]?.kill();
    await shows(page, row("b"), "Unhealthy");
    await shows(page, "#announcements", "Origin b of web: Unhealthy");
    await shows(page, ".timeline", "b is unhealthy");
    await eventually("the title", async () => /^\(\d+ problems?\) web/.test(await page.title()));
    await world.origins[1]?.restart();
    await shows(page, row("b"), "Healthy");
    await shows(page, ".timeline", "b is healthy again");
    expect(await page.evaluate("globalThis.stillTheSamePage")).toBe(true);
  });

  test("traffic shows as figures, and as charts with a table for who does not see them", async () => {
    const { page } = world.visitor;
    await world.enter("?pool=split");
    await eventually("requests", async () => {
      const text = await page.locator(".stat:has(dt:text-is('Requests/s')) dd").first().textContent();
      return Number(text) > 0;
    });
    await shows(page, row("a"), /(49|50|51)% of 50%/);
    await eventually("three charts", async () => (await page.locator(".plot canvas").count()) === 3);
    const chart = page.getByRole("img", { name: /^Requests per second: a now [\d.]+, most/ });
    await chart.waitFor();
    await page.getByText("As a table").first().click();
    await page.getByRole("region", { name: "Requests per second, table" }).waitFor();
  });

  test("nothing is asked while the page is hidden", async () => {
    const { page } = world.visitor;
    await world.enter();
    let asked = 0;
    page.on("request", () => asked++);
    const hide = (hidden: boolean) =>
      page.evaluate(
        `Object.defineProperty(document, "hidden", { configurable: true, value: ${hidden} });
         document.dispatchEvent(new Event("visibilitychange"))`,
      );
    await hide(true);
    // The clock of the page is what is asked here: several polls would have been due. On a busy machine the last of them
    // may be told of late.
    await eventually("four seconds without a question", async () => {
      const before = asked;
      await page.waitForTimeout(4_000);
      return asked === before;
    });
    const before = asked;
    await hide(false);
    await eventually("the next poll", () => asked > before);
  });

  test("says how old its facts are when the balancer is out of reach", async () => {
    const { page, context } = world.visitor;
    await world.enter();
    await context.setOffline(true);
    await shows(page, ".stale", "You see the state of");
    await shows(page, ".freshness", "Not live");
    world.visitor.complaints.length = 0;
    await context.setOffline(false);
    await page.getByRole("button", { name: "Try now" }).click();
    await page.locator(".is-live").waitFor();
    world.visitor.complaints.length = 0;
  });
});

describe("explaining", () => {
  test("a request is explained, with the reason for each origin", async () => {
    const { page } = world.visitor;
    await world.enter("?view=explain");
    await page.getByLabel("URL").fill(`${world.balancer.url}/split/x`);
    await page.getByRole("button", { name: "Explain" }).click();
    await shows(page, ".verdict", /It goes to split \/ [ab]/);
    await shows(page, ".steps", "/split/*");
    expect(await page.locator(".candidates tbody tr").count()).toBe(2);
  });
});

describe("a token that may only read", () => {
  test("sees everything, and no button that would fail", async () => {
    const { page } = world.visitor;
    await world.enter("?pool=split", READER);
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
