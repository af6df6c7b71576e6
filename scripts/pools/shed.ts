/**
 * `shed POOL PERCENT`: sends part of a pool's clients to the other pools of its routes, as a new version that can be
 * rolled back.
 * @module
 */
import { parseArgs } from "node:util";
import { poolAnswerSchema, writeSchema } from "../../src/admin/http/schemas.ts";
import { because } from "../lib/admin-client.ts";
import { decimal, exactly, poolPath } from "./arguments.ts";
import { adminClient, BALANCER_HELP, BALANCER_OPTIONS } from "./balancer-options.ts";
import { type Command, EXIT } from "./command.ts";

const OPTIONS = {
  ...BALANCER_OPTIONS,
  sessions: { type: "string" },
  message: { type: "string", short: "m" },
} as const;

export const shed: Command = {
  usage: "shed POOL PERCENT",
  does: "send part of a pool's clients to the other pools of its routes",
  options: `  PERCENT              0 to 100, of clients without a session in the pool; 0 takes all back
  --sessions PERCENT   the same of those that have one (default: as it is)
  --message, -m TEXT   why, for the pool's versions and events
${BALANCER_HELP}`,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    const [pool, text] = exactly("shed", ["a pool", "a percentage"], positionals);
    const { sessions, message } = values;
    const change = {
      shed_percent: decimal("percentage", text, 100),
      ...(sessions === undefined ? {} : { shed_sessions_percent: decimal("percentage", sessions, 100) }),
    };
    const client = adminClient(values);
    const path = poolPath(pool) + because(message);
    const written = await client.ask(path, writeSchema, { method: "PATCH", body: change });
    const how = written.changed ? `(version ${written.version})` : "already, nothing changed";
    const also = sessions === undefined ? "" : `, and ${sessions}% of its sessions`;
    // Only a pool that a route has among several tells of itself to routes.
    const { status } = await client.ask(poolPath(pool), poolAnswerSchema);
    if (status === undefined && Object.values(change).some((percent) => percent > 0)) {
      console.log(`${pool} sends nobody elsewhere, because no route has it among several pools ${how}`);
      return EXIT.no;
    }
    console.log(`${pool} sends ${text}% of its clients elsewhere${also} ${how}`);
    return EXIT.ok;
  },
};
