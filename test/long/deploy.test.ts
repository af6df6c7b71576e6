/** `npm run deploy` with options for wrangler; the rest is in test/system/deploy.test.ts. */
import { expect, test } from "vitest";
import { Running } from "../system/support/balancer.ts";
import { temporaryDirectory } from "../system/support/processes.ts";

test("a dry run hands what stands after -- to wrangler", async () => {
  const outdir = temporaryDirectory();
  const args = ["run", "--silent", "deploy", "--", "--dry-run", "--", "--outdir", outdir];
  const running = new Running("npm", args, { CI: "1", CLOUDFLARE_API_TOKEN: "", WRANGLER_LOG: "log" });
  const { code } = await running.ended;
  expect([code, running.stdout]).toEqual([0, expect.stringContaining("there is no pools.jsonc here")]);
});
