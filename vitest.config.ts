import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

// Tokens that open the admin API in test/workers; see admin-support.ts there.
const ADMIN = {
  ADMIN_TOKEN: "test-admin-token",
  ADMIN_TOKENS: JSON.stringify([
    { name: "robot", token: "test-operate-token", scope: "operate" },
    { name: "viewer", token: "test-read-token", scope: "read" },
  ]),
};

// The secrets that a deploy needs are not set in tests, of which wrangler would warn in each file.
process.env.WRANGLER_LOG ??= "error";

// A limit ends a test that hangs; it judges nobody's speed. CI's two cores are shared and noisy.
const PATIENCE = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    projects: [
      { test: { ...PATIENCE, name: "unit", include: ["test/unit/**/*.test.ts"] } },
      { test: { ...PATIENCE, name: "contract", include: ["test/contract/**/*.test.ts"] } },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: { ALLOW_IP_ORIGINS: "1", ...ADMIN } },
          }),
        ],
        test: {
          ...PATIENCE,
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          globalSetup: ["test/support/dashboard.ts", "test/support/loopback-origins.ts"],
        },
      },
      {
        test: {
          ...PATIENCE,
          name: "system",
          include: ["test/system/**/*.test.ts"],
          globalSetup: ["test/system/support/build.ts"],
          // Each file starts the program; two cores do not carry many at once, nor anything beside them.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Needs Chromium, so not part of `npm test`: `npm run test:browser`.
        test: {
          ...PATIENCE,
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: ["test/system/support/build.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
