/**
 * Runs `npm run pools -- ...` as a user does, without a terminal.
 * @module
 */
import type { Outcome } from "../../support/pools-command.ts";
import { Running } from "./balancer.ts";
import { NODE } from "./processes.ts";

/** Starts the command without environment variables that name a balancer. */
export function startPools(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  return new Running(NODE, ["scripts/pools.ts", ...args], { LB_URL: "", LB_ADMIN_TOKEN: "", ...env });
}

/** Runs the command to its end. What starts it many times calls it in its own process: test/support/pools-command.ts. */
export async function runPools(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const running = startPools(args, env);
  const { code } = await running.ended;
  return { code, stdout: running.stdout, stderr: running.stderr };
}
