/**
 * The dashboard as an operator uses it: drains, weights, configurations, and the way back.
 */
import { describe, expect, test } from "vitest";
import { eventually } from "../system/support/eventually.ts";
import { shows } from "./support/browser.ts";
import { row, useWorld } from "./support/world.ts";

const world = useWorld();

describe("operating", () => {
  test("an origin is drained, with what is left of it, and takes traffic again", async () => {
    const { page } = world.visitor;
    const streams = new AbortController();
    await world.enter("?pool=drained");
    // Round robin: one at each origin.
    for (let i = 0; i < 3; i++) await fetch(`${world.balancer.url}/sse`, { signal: streams.signal });
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
    const { page } = world.visitor;
    await world.enter("?pool=split");
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
    const { page } = world.visitor;
    await world.enter("?pool=edited");
    for (const name of ["b", "c"]) {
      await world.api(`/pools/edited/origins/${name}`, { method: "PATCH", body: '{"enabled":false}' });
    }
    await shows(page, row("b"), "Disabled");
    await page.getByRole("button", { name: "Disable a of edited" }).click();
    await shows(page, "dialog", "clients would get 503");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Enable b of edited" }).click();
    await shows(page, row("b"), "Healthy");
    await world.api("/pools/edited/origins/c", { method: "PATCH", body: '{"enabled":true}' });
  });

  test("the health check is run now, and tells what each probe saw", async () => {
    const { page } = world.visitor;
    await world.enter("?pool=web");
    await page.getByRole("button", { name: "Check now" }).click();
    const dialog = page.getByRole("dialog", { name: "What the probes of web saw" });
    await dialog.waitFor();
    expect(await dialog.getByRole("row").count()).toBe(4);
    await shows(page, "dialog", "Passed");
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

  test("what was typed is not lost by going back, unless one says so", async () => {
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
    expect(page.url()).toContain("view=config");
    expect(await editor.inputValue()).toBe("half a thought");
    await page.getByRole("button", { name: "Discard changes" }).click();
    await page.getByRole("link", { name: "Traffic" }).click();
    await shows(page, row("a"), "Healthy");
  });

  test("what somebody else wrote meanwhile is not written over, but shown", async () => {
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
    await shows(page, ".versions tr", /2\s+in force/);
    await page.getByRole("button", { name: "Roll back to version 1" }).click();
    await shows(page, "dialog .changes", "/fresh/*");
    await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
    await shows(page, ".toast", "Back at version 1 of the routes");
    await shows(page, ".versions tr", /3\s+in force/);
  });
});
