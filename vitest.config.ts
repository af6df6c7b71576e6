import { resolve } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { BOUND_AS, BOUND_WORKER } from "./test/support/bound-worker.ts";
import { keepRuntimeQuiet } from "./test/support/quiet-runtime.ts";

keepRuntimeQuiet();

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
// The programs that tests start compile the same modules again and again.
process.env.NODE_COMPILE_CACHE ??= resolve(import.meta.dirname, "node_modules/.cache/compiled");

// A limit ends a test that hangs; it judges nobody's speed. CI's two cores are shared and noisy: a test of ten seconds
// may take a hundred there.
const PATIENCE = { testTimeout: 300_000, hookTimeout: 300_000 };

// One process for many files: they share no state but modules, which take longer to load than most files to run.
const SHARED = { isolate: false };

/** workerd, with the Worker and its objects. @param more variables for it */
const inWorkerd = (more: Record<string, string> = {}) =>
  cloudflareTest({
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      bindings: { ALLOW_IP_ORIGINS: "1", ...ADMIN, ...more },
      serviceBindings: { [BOUND_AS]: BOUND_WORKER.name },
      workers: [BOUND_WORKER],
    },
  });

const IN_WORKERD = {
  ...SHARED,
  globalSetup: ["test/support/dashboard.ts", "test/support/loopback-origins.ts"],
  setupFiles: ["test/workers/fresh.ts", "test/workers/at-rest.ts"],
};

/**
 * `npm test` goes each way once, `npm run test:long` in all its breadth: what it takes more is in test/long, and the rest
 * of files of which `npm test` runs a share (test/support/full.ts). Which is which: docs/reliability.md.
 */
const FULL = { TEST_RUNS: "full" };

export default defineConfig({
  test: {
    // Most files wait for timers, sockets or the start of a runtime most of the time.
    maxWorkers: 2,
    // What is printed belongs to a test, and is shown if that fails.
    silent: "passed-only",
    projects: [
      { test: { ...PATIENCE, ...SHARED, name: "unit", include: ["test/unit/**/*.test.ts"] } },
      { test: { ...PATIENCE, ...SHARED, name: "contract", include: ["test/contract/**/*.test.ts"] } },
      {
        plugins: [inWorkerd()],
        test: {
          ...PATIENCE,
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          ...IN_WORKERD,
          // They wait for alarms and time-outs of the platform half of the time.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...PATIENCE,
          ...SHARED,
          name: "system",
          include: ["test/system/**/*.test.ts"],
          globalSetup: ["test/system/support/build.ts"],
          // Each file starts the program, on a port of its own, and waits more than it works. Nothing runs beside them.
          maxWorkers: 4,
          maxConcurrency: 16,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // `npm run test:long`: the breadth, which takes minutes (docs/reliability.md).
        test: {
          ...PATIENCE,
          name: "long",
          include: ["test/long/**/*.test.ts"],
          globalSetup: ["test/system/support/build.ts"],
          // What runs at once differs: some of them wait for time-outs, others keep a core busy.
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          ...PATIENCE,
          ...SHARED,
          name: "long-unit",
          include: [
            "test/unit/core/rate-lease.test.ts",
            "test/unit/core/ring-positions.test.ts",
            "test/unit/sim/failing-origin.test.ts",
            "test/unit/sim/limits.test.ts",
            "test/unit/sim/large-runs.test.ts",
            "test/unit/sim/notes.test.ts",
            "test/unit/sim/pace.test.ts",
            "test/unit/sim/routes/shares.test.ts",
            "test/unit/sim/world.test.ts",
          ],
          env: FULL,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          ...PATIENCE,
          ...SHARED,
          name: "long-system",
          include: ["test/system/odd-requests.test.ts"],
          globalSetup: ["test/system/support/build.ts"],
          env: FULL,
          maxConcurrency: 16,
          sequence: { groupOrder: 4 },
        },
      },
      {
        plugins: [inWorkerd(FULL)],
        test: {
          ...PATIENCE,
          name: "long-workers",
          include: ["test/workers/pool-load.test.ts"],
          ...IN_WORKERD,
          sequence: { groupOrder: 4 },
        },
      },
      {
        // Needs Chromium, so not part of `npm test`: `npm run test:browser`.
        test: {
          ...PATIENCE,
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: ["test/system/support/build.ts"],
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
