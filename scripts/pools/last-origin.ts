/**
 * Asks before a pool's last origin is taken out of traffic.
 * @module
 */
import { poolAnswerSchema } from "../../src/admin/http/schemas.ts";
import type { AdminClient } from "../lib/admin-client.ts";
import { isLastOrigin } from "../lib/last-origin.ts";
import { canAsk, confirm } from "../lib/terminal/confirm.ts";
import { poolPath } from "./arguments.ts";

export const YES_OPTION = { yes: { type: "boolean", short: "y", default: false } } as const;
export const YES_HELP = "  --yes, -y    do not ask if it is the last origin of its pool that takes traffic";

/**
 * False: nothing may be done, and standard error says why. The balancer itself does what it is told, so that a script of
 * before goes on working; what somebody types is where the mistake is made.
 */
export async function mayTakeOut(
  client: AdminClient,
  pool: string,
  origin: string,
  yes: boolean,
): Promise<boolean> {
  if (yes) return true;
  const answer = await client.ask(poolPath(pool), poolAnswerSchema);
  if (!isLastOrigin(answer, origin)) return true;
  const fact = `${pool}/${origin} is the last origin of ${pool} that takes traffic: without it the pool serves nobody`;
  if (canAsk()) return await confirm(`${fact}. Go on?`, "nothing changed");
  console.error(`nothing changed: ${fact}. Confirm that with --yes`);
  return false;
}
