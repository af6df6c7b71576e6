/** The dashboard as an operator uses it: drains, weights, switches and checks. */
import { describe, expect, test } from "vitest";
import { fetchAlone } from "../system/support/client.ts";
import { warmUp } from "../system/support/warm-up.ts";
import { shows } from "./support/browser.ts";
import { row, useWorld } from "./support/world.ts";

const world = useWorld();

describe("operating", () => {
  test("an origin is drained, its open requests are shown, and it takes traffic again", async () => {
    const { page } = world.visitor;
    const streams = new AbortController();
    await world.enter("?pool=drained");
    // From then on round robin is without a break: one at each origin.
    await warmUp(world.balancer.url, { drained: "drained.test" });
    for (let i = 0; i < 3; i++) await fetchAlone(`${world.balancer.url}/sse`, { signal: streams.signal });
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
    await shows(page, "dialog", "Passed");
    expect(await dialog.getByRole("row").count()).toBe(4);
  });
});
