import { describe, expect, it } from "vitest";
import { createAlgorithm } from "../../../src/core/algorithms/index.ts";
import type { Server } from "../../../src/core/server/server.ts";
import { SEED, seededRandom } from "../../support/random.ts";
import { server, tally } from "../../support/servers.ts";
import { ALGORITHM_SCENARIOS } from "../fixtures/algorithm-scenarios.ts";
import { ELIGIBILITY_SCENARIOS } from "../fixtures/eligibility-scenarios.ts";
import type { ScenarioServer, Step } from "../fixtures/scenario.ts";

function set(one: Server, { active, ...standing }: Omit<ScenarioServer, "id">): void {
  Object.assign(one, standing);
  if (active !== undefined) one.activeConnections = active;
}

function check(step: Extract<Step, { picks: number }>, seen: Record<string, number>): void {
  for (const id of step.never ?? []) expect(seen[id] ?? 0, id).toBe(0);
  if (step.counts === undefined) return;
  if (step.tolerance === undefined) expect(seen).toEqual(step.counts);
  for (const [id, count] of Object.entries(step.counts)) {
    expect(Math.abs((seen[id] ?? 0) - count), `${id}, seed ${SEED}`).toBeLessThanOrEqual(step.tolerance ?? 0);
  }
}

for (const { id, title, algorithms, servers, steps } of [...ALGORITHM_SCENARIOS, ...ELIGIBILITY_SCENARIOS]) {
  describe(`${id}: ${title}`, () => {
    it.each(algorithms)("%s", (name) => {
      const made = new Map(servers.map((one) => [one.id, server(one.id)]));
      for (const { id: serverId, ...state } of servers) {
        const one = made.get(serverId);
        if (one !== undefined) set(one, state);
      }
      const algorithm = createAlgorithm(name, [...made.values()], { random: seededRandom(), now: () => 0 });
      for (const step of steps) {
        if ("set" in step) {
          const one = made.get(step.set);
          if (one !== undefined) set(one, step.to);
          continue;
        }
        const pick = (i: number) => {
          const chosen = algorithm.next({ key: `key:${i}` });
          if (chosen !== null && step.held === true) chosen.activeConnections++;
          return chosen;
        };
        check(step, tally(step.picks, pick));
      }
    });
  });
}
