/** The dashboard as one configures with it: routes and pools, changes compared, versions, and the way back. */
import { describe, expect, test } from "vitest";
import { eventually } from "../system/support/eventually.ts";
import { shows } from "./support/browser.ts";
import { startTraffic } from "./support/traffic.ts";
import { row, useWorld } from "./support/world.ts";

const world = useWorld();

describe("routes", () => {
  test("stand in a table with their pools, hits, and the real split beside the expected one", async () => {
    const { page } = world.visitor;
    await world.enter("?view=routes");
    await shows(page, ".routes tbody tr", /\*\/split\/\*.*split.*\d+.*0%/s);
    await page.locator(".routes").getByRole("link", { name: "split" }).click();
    await shows(page, "h1", "split");
  });

  test("over several pools are a picture of each pool's share of the clients, and of the spill", async () => {
    const { page } = world.visitor;
    const { routes } = (await (await world.api("/routes")).json()) as { routes: object[] };
    const put = (path: string, document: unknown) =>
      world.api(path, { method: "PUT", body: JSON.stringify(document) });
    const shedding = { origins: [world.origins[0]?.config()], shed_percent: 40 };
    expect((await put("/pools/shedding", shedding)).status).toBe(201);
    expect(
      (await put("/routes", [{ path: "/global/*", pools: ["shedding", "edited"] }, ...routes])).status,
    ).toBe(200);
    const traffic = startTraffic(`${world.balancer.url}/global/x`);
    await world.enter("?view=routes");
    await shows(
      page,
      ".routes tbody tr",
      /\/global\/\*.*first that is available.*shedding.*% of 60%.*spilling 40%/s,
    );
    await shows(page, ".routes tbody tr", /\/global\/\*.*edited.*% of 40%/s);
    const widths = page
      .locator(".routes tbody tr")
      .filter({ hasText: "/global/" })
      .locator("svg rect[class^=series]");
    expect(await widths.evaluateAll((all) => all.map((each) => Number(each.getAttribute("width"))))).toEqual([
      60, 40,
    ]);
    await traffic.stop();
    expect((await put("/routes", routes)).status).toBe(200);
    expect((await world.api("/pools/shedding", { method: "DELETE" })).ok).toBe(true);
  });

  test("changes are compared line by line, warned of, signed, and told of on the overview", async () => {
    const { page } = world.visitor;
    await world.enter("?view=routes");
    const editor = page.getByLabel("The routes");
    const text = await editor.inputValue();
    const added =
      '[ // for the sale\n{ "path": "/sale/*", "split": [{ "pool": "web", "weight": 3 }, { "pool": "split", "weight": 1 },] },';
    await editor.fill(
      `${text.replace("[", added).replace(/\]\s*$/, ', { "path": "/late/*", "pool": "web" }]')}`,
    );
    await page.getByRole("button", { name: "Check and compare" }).click();
    await shows(page, ".route-changes .added", "/sale/*");
    expect(await page.locator(".route-changes .removed").count()).toBe(0);
    await shows(page, ".notice-warn", "no request reaches this route");
    await page.getByLabel("Why").fill("the sale begins");
    await page.getByRole("button", { name: "Put in force" }).click();
    await shows(page, ".toast", "The routes are in force");
    // Steady: isolates hear of new routes within a second.
    const traffic = startTraffic(`${world.balancer.url}/sale/x`);
    await shows(page, ".routes tbody tr", /\/sale\/\*.*(100|0)% of 75%.*(100|0)% of 25%/s);
    await traffic.stop();
    await page.getByRole("link", { name: "Versions" }).click();
    await shows(page, ".versions tr", /in force.*admin.*the sale begins/s);
    await page.getByRole("link", { name: "Pools", exact: true }).click();
    await shows(page, ".timeline", /Routes.*the sale begins.*by admin/s);
    // Shown as it was written, to whoever comes next.
    await page.goto(`${world.balancer.url}/_lb/?view=routes`);
    await eventually("the comment", async () => (await editor.inputValue()).includes("// for the sale"));
    expect((await world.api("/routes", { method: "PUT", body: text })).status).toBe(200);
  });
});

describe("configuring", () => {
  test("a bad configuration is refused with the reason at its line, a good one compared and put in force", async () => {
    const { page } = world.visitor;
    await world.enter("?pool=edited&view=config");
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
    const { config } = (await (await world.api("/pools/edited")).json()) as { config: { origins: object[] } };
    expect(config.origins[1]).toMatchObject({ id: "b", weight: 2 });
  });

  test("typed text is not lost by going back, unless the user confirms it", async () => {
    const { page } = world.visitor;
    await world.enter("?pool=edited");
    await page.getByRole("link", { name: "Configuration" }).click();
    const editor = page.getByLabel("The configuration of edited");
    await editor.fill("half a thought");
    await page.getByRole("button", { name: "Discard changes" }).waitFor();
    const asked: string[] = [];
    page.once("dialog", (dialog) => {
      asked.push(dialog.message());
      void dialog.dismiss();
    });
    await page.evaluate("history.back()");
    await eventually("the question", () => asked.length > 0);
    expect(asked).toEqual(["Leave and lose what you changed?"]);
    await page.waitForURL(/view=config/);
    expect(await editor.inputValue()).toBe("half a thought");
    await page.getByRole("button", { name: "Discard changes" }).click();
    await page.getByRole("link", { name: "Traffic" }).click();
    await shows(page, row("a"), "Healthy");
  });

  test("another user's simultaneous change is shown, not overwritten", async () => {
    const { page } = world.visitor;
    await world.enter("?pool=edited&view=config");
    const editor = page.getByLabel("The configuration of edited");
    const mine = (await editor.inputValue()).replace('"drain_timeout": 300', '"drain_timeout": 200');
    await editor.fill(mine);
    await page.getByRole("button", { name: "Check and compare" }).click();
    await shows(page, ".changes", "drain_timeout");
    await world.api("/pools/edited/origins/c", { method: "PATCH", body: '{"weight":7}' });
    await page.getByRole("button", { name: "Put in force" }).click();
    await shows(page, ".panel", "Somebody else was faster");
    await shows(page, ".changes", "origins[c].weight");
    await page.getByRole("button", { name: "Keep mine, compare again" }).click();
    await shows(page, ".changes", "drain_timeout");
    await page.getByRole("button", { name: "Put in force" }).click();
    await shows(page, ".toast", "is in force");
    const { config } = (await (await world.api("/pools/edited")).json()) as {
      config: { drain_timeout: number };
    };
    expect(config.drain_timeout).toBe(200);
  });

  test("one goes back to an earlier version, after seeing what that changes", async () => {
    const { page } = world.visitor;
    await world.api("/pools/edited/origins/a", { method: "PATCH", body: '{"weight":5}' });
    const before = (await (await world.api("/pools/edited")).json()) as { version: number };
    await world.enter("?pool=edited&view=versions");
    await page.getByRole("button", { name: `Roll back to version ${before.version - 1}` }).click();
    const dialog = page.getByRole("dialog");
    await shows(page, "dialog .changes", "origins[a].weight");
    await dialog.getByRole("button", { name: "Roll back" }).click();
    await shows(page, ".toast", `Back at version ${before.version - 1} of edited`);
    await shows(page, ".versions tr", new RegExp(`${before.version + 1}\\s+in force`));
  });

  test("a pool is made, the routes lead to it, and they go back to what they were", async () => {
    const { page } = world.visitor;
    const { version: before } = (await (await world.api("/routes")).json()) as { version: number };
    await world.enter("?view=create");
    await page.getByLabel("Name").fill("fresh");
    const editor = page.getByLabel("The configuration of fresh");
    await editor.fill(JSON.stringify({ origins: [world.origins[0]?.config()] }));
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
    await page.getByRole("link", { name: "Versions" }).click();
    await shows(page, ".versions tr", new RegExp(`${before + 1}\\s+in force`));
    await page.getByRole("button", { name: `Roll back to version ${before}` }).click();
    await shows(page, "dialog .changes", "/fresh/*");
    await page.getByRole("dialog").getByLabel("Why").fill("not yet");
    await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
    await shows(page, ".toast", `Back at version ${before} of the routes`);
    await shows(page, ".versions tr", new RegExp(`${before + 2}\\s+in force.*admin.*not yet`, "s"));
  });
});
