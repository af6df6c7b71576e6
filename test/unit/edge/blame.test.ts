import { describe, expect, it } from "vitest";
import { type AttemptEnd, isOrigins, outcomeFor } from "../../../src/edge/forward/blame.ts";

describe("how an attempt ended", () => {
  it.each<[end: AttemptEnd, blame: string, outcome: string | null]>([
    ["success", "origin", "success"],
    ["status", "origin", "status"],
    ["connect_failure", "origin", "connect_failure"],
    ["timeout", "origin", "timeout"],
    ["client_closed", "client", "client_closed"],
    ["body_stalled", "client", "client_closed"],
    ["body_broken", "client", "client_closed"],
    ["internal", "ours", null],
    ["unclear", "nobody", null],
    ["connection_lost", "nobody", null],
    ["hung_up", "nobody", null],
  ])("%s is the doing of: %s; %s is counted", (end, blame, outcome) => {
    expect([isOrigins(end), outcomeFor(end)]).toEqual([blame === "origin", outcome]);
  });
});
