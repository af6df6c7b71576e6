import { describe, expect, it } from "vitest";
import { PrioritySchedules } from "../../../src/core/algorithms/priority-schedules.ts";
import { SlidingWindowLimiter } from "../../../src/core/rate-limit/sliding-window-limiter.ts";
import { Candidates } from "../../../src/core/server/candidates.ts";
import { Server } from "../../../src/core/server/server.ts";

/** Each at its rate limit at the time 0. */
function limited(id: string, backup: boolean): Server {
  const server = new Server(`${id}.example`, 443, 1, { id, backup });
  server.limiter = new SlidingWindowLimiter(1);
  server.limiter.take(0);
  return server;
}

const primary = [limited("a", false), limited("b", false)];
const backups = [limited("c", true), limited("d", true)];
const all = [...primary, ...backups];

describe("the schedules of both priorities", () => {
  it("give turns to each priority by itself", () => {
    const schedules = new PrioritySchedules(new Candidates(all), () => 1);
    const turns = (servers: readonly Server[]) =>
      [0, 1, 2].map((position) => schedules.of(servers).at(servers, position)?.id);
    expect(turns(primary)).toEqual(["a", "b", "a"]);
    expect(turns(backups)).toEqual(["c", "d", "c"]);
    expect(schedules.of(primary)).toBe(schedules.primary);
  });

  it("report the server at its limit whose turn it is in each priority, one after the other", () => {
    const schedules = new PrioritySchedules(new Candidates(all), () => 1);
    const told: string[] = [];
    const context = { refused: ({ id }: Server) => void told.push(id) };
    for (let pick = 0; pick < 2; pick++) schedules.noteRefused(context, [], 0, schedules.nextUnserved());
    expect(told).toEqual(["a", "c", "b", "d"]);
  });
});
