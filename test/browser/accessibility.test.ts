/**
 * The dashboard for users who do not see it, or have no pointer: axe on every view in both themes and at phone size,
 * and ways through it by keyboard.
 */
import { AxeBuilder } from "@axe-core/playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Balancer, startBalancer } from "../system/support/balancer.ts";
import { eventually } from "../system/support/eventually.ts";
import { type Origin, startOrigins } from "../system/support/origins.ts";
import { PROBE_TIMEOUT_S } from "../system/support/patience.ts";
import { expectNoComplaints, openBrowser, shows, signIn, type Visitor } from "./support/browser.ts";
import { startTraffic, type Traffic } from "./support/traffic.ts";

const ADMIN = "browser-admin-token";
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };

let origins: Origin[];
let balancer: Balancer;
let traffic: Traffic;

/** Every state that has a look of its own is there: healthy, dead, disabled, limited, standby, refused. */
beforeAll(async () => {
  origins = await startOrigins("a", "b", "c", "d");
  const [a, b, c, d] = origins.map((origin) => origin.config());
  await origins[1]?.kill();
  balancer = await startBalancer({
    adminToken: ADMIN,
    config: {
      routes: [
        {
          path: "/split/*",
          split: [
            { pool: "default", weight: 3 },
            { pool: "quiet", weight: 1 },
          ],
          fallback_pool: "quiet",
        },
        { pool: "default" },
      ],
      pools: {
        default: {
          algorithm: "weighted_round_robin",
          origins: [
            { ...a, weight: 3, rate_limit: 50, max_connections: 10 },
            b,
            { ...c, enabled: false },
            { ...d, backup: true },
          ],
          health_check: {
            ...{ path: "/healthz", interval: 0.5, timeout: PROBE_TIMEOUT_S },
            unhealthy_threshold: 2,
          },
        },
        quiet: { origins: [a, d], sticky: true },
      },
    },
  });
  traffic = startTraffic(`${balancer.url}/`);
});

afterAll(async () => {
  await traffic?.stop();
  await balancer?.kill();
  for (const origin of origins ?? []) await origin.kill();
});

/** @throws if axe finds what is serious or critical */
async function expectAccessible({ page }: Visitor, what: string): Promise<void> {
  // Without frames it needs no second page to put the results together. Only violations are described in full.
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode()
    .options({ resultTypes: ["violations"] })
    .analyze();
  const found = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${what}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  expect(found).toEqual([]);
}

/** A page that must be dragged sideways is not usable on a phone. */
async function expectFits({ page }: Visitor, what: string): Promise<void> {
  const { scrollWidth, clientWidth } = (await page.evaluate(
    "({ scrollWidth: document.documentElement.scrollWidth, clientWidth: document.documentElement.clientWidth })",
  )) as { scrollWidth: number; clientWidth: number };
  expect([what, scrollWidth - clientWidth]).toEqual([what, 0]);
}

const VIEWS: [query: string, ready: [selector: string, text: string | RegExp]][] = [
  ["", [".verdict", "Unhealthy"]],
  ["?pool=default", [".chart", "p99"]],
  ["?pool=default&origin=b", [".facts", "failed"]],
  ["?pool=default&view=config", [".editor", "1"]],
  ["?pool=default&view=versions", [".versions", "in force"]],
  ["?pool=default&view=events", [".timeline", "b is unhealthy"]],
  ["?pool=nowhere", [".blank", "There is no such pool"]],
  ["?view=routes", [".routes", "/split/*"]],
  ["?view=route-versions", [".versions", "in force"]],
  ["?view=explain", ["form", "Method"]],
  ["?view=create", ["main", "Name"]],
];

/** Axe finds nothing serious on any view, and each fits the screen. */
async function lookAtViews(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await page.goto(`${balancer.url}/_lb/`);
  await expectAccessible(visitor, "sign in");
  await expectFits(visitor, "sign in");
  await signIn(visitor, balancer.url, ADMIN);
  for (const [query, [selector, text]] of VIEWS) {
    await page.goto(`${balancer.url}/_lb/${query}`);
    await shows(page, selector, text);
    await expectAccessible(visitor, query);
    await expectFits(visitor, query);
  }
}

/** The same of dialogs, and of what a button shows. */
async function lookAtWhatOpens(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await signIn(visitor, balancer.url, ADMIN);
  await page.getByText("By route and by host").click();
  await shows(page, ".keyed", "*/*");
  await expectAccessible(visitor, "by route");
  await expectFits(visitor, "by route");
  await page.goto(`${balancer.url}/_lb/?view=routes`);
  const routes = page.getByLabel("The routes");
  await routes.fill((await routes.inputValue()).replace("[", '[{ "path": "/new/*", "pool": "quiet" },'));
  await page.getByRole("button", { name: "Check and compare" }).click();
  await shows(page, ".route-changes", "/new/*");
  await expectAccessible(visitor, "routes compared");
  await expectFits(visitor, "routes compared");
  await page.getByRole("button", { name: "Discard changes" }).click();
  await page.goto(`${balancer.url}/_lb/?pool=default`);
  await page.getByRole("button", { name: "Weight a of default" }).click();
  await page.getByRole("dialog").waitFor();
  await expectAccessible(visitor, "weight");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Drain a of default" }).click();
  await expectAccessible(visitor, "drain");
  await page.goto(`${balancer.url}/_lb/?pool=default&view=config`);
  const editor = page.getByLabel("The configuration of default");
  await editor.fill((await editor.inputValue()).replace('"weight": 3', '"weight": -3'));
  await page.getByRole("button", { name: "Check and compare" }).click();
  await shows(page, "#document-errors", "weight");
  await expectAccessible(visitor, "errors");
  await editor.fill((await editor.inputValue()).replace('"weight": -3', '"weight": 4'));
  await page.getByRole("button", { name: "Check and compare" }).click();
  await shows(page, ".changes", "origins[a].weight");
  await expectAccessible(visitor, "compared");
  await expectFits(visitor, "compared");
  await page.getByRole("button", { name: "Discard changes" }).click();
  await page.goto(`${balancer.url}/_lb/?view=explain`);
  await page.getByRole("button", { name: "Explain" }).click();
  await shows(page, ".candidates", "unhealthy");
  await expectAccessible(visitor, "explained");
  await expectFits(visitor, "explained");
}

describe.each([
  ["light", "desktop", DESKTOP],
  ["dark", "desktop", DESKTOP],
  ["light", "phone", PHONE],
  ["dark", "phone", PHONE],
] as const)("%s, %s", (colorScheme, _size, viewport) => {
  const visited = (look: (visitor: Visitor) => Promise<void>) => async () => {
    const visitor = await openBrowser({ colorScheme, viewport });
    try {
      await look(visitor);
      expectNoComplaints(visitor);
    } finally {
      await visitor.close();
    }
  };

  // Beside each other: they change nothing, and a page by itself leaves most of a machine idle.
  test.concurrent("axe finds nothing serious on any view, and each fits the screen", visited(lookAtViews));
  test.concurrent("nor in what opens on them", visited(lookAtWhatOpens));
});

describe("by keyboard", () => {
  test("one signs in, skips to the content, opens a pool and a dialog, and gets back to where one was", async () => {
    const visitor = await openBrowser();
    try {
      const { page } = visitor;
      const focused = () => page.evaluate("document.activeElement.textContent.trim()");
      const isFocused = (text: string) =>
        eventually(`the focus on ${text}`, async () => (await focused()) === text);
      const tabTo = async (text: string): Promise<void> => {
        for (let i = 0; i < 60 && (await focused()) !== text; i++) await page.keyboard.press("Tab");
        expect(await focused()).toBe(text);
      };
      await page.goto(`${balancer.url}/_lb/`);
      await page.locator("#token:focus").waitFor();
      await page.keyboard.type(ADMIN);
      await page.keyboard.press("Enter");
      await page.locator(".is-live").waitFor();
      await page.keyboard.press("Tab");
      await isFocused("Skip to the content");
      await page.keyboard.press("Enter");
      await page.locator("#content:focus").waitFor();
      await tabTo("default");
      await page.keyboard.press("Enter");
      await shows(page, "h1", "default");
      await page.locator("h1:focus").waitFor();
      await tabTo("Weight a of default");
      await page.keyboard.press("Enter");
      await page.locator("dialog input:focus").waitFor();
      for (let i = 0; i < 6; i++) {
        await page.keyboard.press("Tab");
        const isOutside = await page.evaluate(
          "document.activeElement !== document.body && !document.activeElement.closest('dialog')",
        );
        expect(isOutside, "the focus stays in the dialog").toBe(false);
      }
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await isFocused("Weight a of default");
      const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
      expect(outline, "the focus is seen").toBe("solid");
      await page.goBack();
      await shows(page, "h1", "Pools");
      expectNoComplaints(visitor);
    } finally {
      await visitor.close();
    }
  });
});
