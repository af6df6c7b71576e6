/** What wrangler.toml lets Cloudflare record, which costs money and may hold secrets. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
import { PROJECT } from "../../../scripts/lib/project.ts";

const { observability } = unstable_readConfig({ config: join(PROJECT, "wrangler.toml") });

it("wrangler.toml switches traces off: spans are billed, and those of fetches contain the path of notify_url", () => {
  expect(observability?.traces?.enabled).toBe(false);
  expect(observability?.traces?.head_sampling_rate, "if somebody switches them on").toBeLessThanOrEqual(0.01);
});

it("wrangler.toml redacts query strings in all records", () => {
  expect(observability?.redact_query_string).toBe(true);
});

it("wrangler.toml keeps every line of the program, so that sampling drops no error, and no line of the platform", () => {
  expect(observability?.enabled).toBe(true);
  expect(observability?.logs).toMatchObject({ head_sampling_rate: 1, invocation_logs: false });
});
