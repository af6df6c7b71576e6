/**
 * What one who is woken at night sees: each of five breakdowns is named, with its reason, where one looks first and
 * without scrolling, on a desk and on a phone.
 */
import { describe, expect, test } from "vitest";
import { expectNoComplaints, openBrowser, shows, signIn } from "./support/browser.ts";
import { ADMIN, NIGHTS, startNight } from "./support/nights.ts";

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };
/** Screenshots go here, for who wants to look. */
const PICTURES = process.env.PICTURES;

const CASES: [keyof typeof NIGHTS, heading: string, lines: (string | RegExp)[]][] = [
  [
    "health_path",
    "problems",
    [
      /shop No origin can take requests: 3 unhealthy/,
      /shop 100% of requests fail: no origin can take them since /,
      /shop 3 of 3 origins: unhealthy, status 404, expected 2xx \(a, b, c\) since \d\d:/,
    ],
  ],
  [
    "all_drained",
    "problems",
    [
      /shop No origin can take requests: 3 drained/,
      /shop 100% of requests fail: no origin can take them/,
      /shop \/ a drained by admin since \d\d:\d\d/,
    ],
  ],
  ["low_limit", "problem", [/shop \d\d% of requests fail: every origin is at its rate limit \(1\/s each\)/]],
  [
    "no_route",
    "problem",
    [/Routes [\d.]+% of requests match no route \(404, [\d.]+\/s\), asked for 127\.0\.0\.1/],
  ],
  [
    "slow_origin",
    "problem",
    [
      /shop [\d.]+% of requests fail: the origins that were tried did not answer in time/,
      /shop \/ a 100% of attempts time out after 2(\.0)? s/,
    ],
  ],
];

describe.each(CASES)("%s", (name, heading, lines) => {
  test("is named on the overview's first screen, in the title and in the icon", async () => {
    const night = await startNight(NIGHTS[name]);
    try {
      for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
        for (const colorScheme of ["light", "dark"] as const) {
          const visitor = await openBrowser({ viewport, colorScheme });
          try {
            const { page } = visitor;
            await signIn(visitor, night.balancer.url, ADMIN);
            await shows(page, "#verdict", heading);
            for (const text of lines) {
              const line = page.locator(".verdict li").filter({ hasText: text });
              await line.first().waitFor();
              const box = await line.first().boundingBox();
              expect((box?.y ?? Number.NaN) + (box?.height ?? 0), String(text)).toBeLessThan(viewport.height);
            }
            expect(await page.locator(".verdict.tone-good").count()).toBe(0);
            expect(await page.title()).toMatch(/^\(\d+ problems?\) /);
            expect(await page.locator("link[rel=icon]").getAttribute("href")).toContain("trouble");
            if (PICTURES !== undefined) {
              await page.screenshot({ path: `${PICTURES}/${name}-${size}-${colorScheme}.png` });
            }
            expectNoComplaints(visitor);
          } finally {
            await visitor.close();
          }
        }
      }
    } finally {
      await night.end();
    }
  });
});
