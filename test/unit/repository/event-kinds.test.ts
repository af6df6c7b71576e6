/** The page of notifications explains every kind of event, and none that there is not. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT } from "../../../scripts/lib/project.ts";
import { NOTIFIED_EVENTS } from "../../../src/config/pool-schema.ts";
import { POOL_EVENT_KINDS } from "../../../src/contract/events.ts";

test("every kind of event is explained", () => {
  const page = readFileSync(join(PROJECT, "docs/operations.md"), "utf8");
  const [, table = ""] = /\n\| kind +\|.*\n\|[- |]+\n((?:\|.*\n)+)/.exec(page) ?? [];
  const explained = table.split("\n").flatMap((row) => {
    const [, cell = ""] = row.split("|");
    return Array.from(cell.matchAll(/`(\w+)`/g), ([, kind]) => kind);
  });
  expect(explained.toSorted()).toEqual([...POOL_EVENT_KINDS].toSorted());
});

test("notify_url can get every kind but the failure of a notification", () => {
  expect([...NOTIFIED_EVENTS, "notify_failed"].toSorted()).toEqual([...POOL_EVENT_KINDS].toSorted());
});
