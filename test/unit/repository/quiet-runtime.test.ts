import { describe, expect, it } from "vitest";
import { RuntimeLog } from "../../support/quiet-runtime.ts";

const REFUSED =
  "exception = rust/worker/ffi.rs:110: disconnected: Connection refused (os error 111)\nstack: /bin/workerd@1\n";
const LOST =
  "uncaught exception; source = Uncaught (in promise); stack = Error: Network connection lost.\n" +
  "    at fetch (src/x.ts:1:1)\n" +
  "uncaught exception; exception = workerd/jsg/value.h:1535: disconnected: jsg.Error: Network connection lost.\n" +
  "stack: /bin/workerd@2\n";
const thrown = (message: string) =>
  `uncaught exception; source = Uncaught (in promise); stack = Error: ${message}\n    at sync (src/x.ts:1:1)\n`;

/** What is left of a run's stderr, and what fails it. */
function run(...chunks: string[]): { rest: string; unexpected: string[] } {
  const log = new RuntimeLog();
  const rest = chunks.map((chunk) => log.withoutReports(chunk)).join("");
  return { rest, unexpected: log.unexpected() };
}

describe("exceptions that the runtime reports", () => {
  it("are hidden and fail nothing if a connection was refused, in whatever order they come", () => {
    expect(run(REFUSED, LOST, LOST, REFUSED)).toEqual({ rest: "", unexpected: [] });
    expect(run(REFUSED + LOST).unexpected).toEqual([]);
  });

  it("fail the run if more connections are lost than were refused", () => {
    const { unexpected } = run(REFUSED + LOST, LOST);
    expect(unexpected.map((line) => line.slice(0, 29))).toEqual([
      "uncaught exception; source = ",
      "uncaught exception; exception",
    ]);
  });

  it("fail the run if anything else was thrown, but not what a test throws on purpose", () => {
    expect(run(thrown("on purpose: out of order"))).toEqual({ rest: "", unexpected: [] });
    expect(run(thrown("no such table")).unexpected).toEqual([thrown("no such table").split("\n")[0]]);
    const lookup = "exception = rust/worker/ffi.rs:110: failed: failed to lookup address information\n";
    expect(run(lookup).unexpected).toHaveLength(1);
  });

  it("are removed from the other output", () => {
    expect(run(`before\n${REFUSED}after\n`).rest).toBe("before\nafter\n");
  });
});
