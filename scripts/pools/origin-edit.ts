/**
 * `weight POOL ORIGIN WEIGHT`, `enable POOL ORIGIN`, `disable POOL ORIGIN`: small changes of one origin's
 * configuration, each a new version that can be rolled back.
 * @module
 */
import { parseArgs } from "node:util";
import { writeSchema } from "../../src/admin/http/schemas.ts";
import { because } from "../lib/admin-client.ts";
import { decimal, exactly, originPath } from "./arguments.ts";
import { adminClient, BALANCER_HELP, BALANCER_OPTIONS, type BalancerValues } from "./balancer-options.ts";
import { type Command, EXIT } from "./command.ts";
import { mayTakeOut, YES_HELP, YES_OPTION } from "./last-origin.ts";

const OPTIONS = { ...BALANCER_OPTIONS, ...YES_OPTION, message: { type: "string", short: "m" } } as const;
const HELP = `  --message, -m TEXT   why, for the pool's versions and events
${YES_HELP}
${BALANCER_HELP}`;

interface EditValues extends BalancerValues {
  readonly message?: string | undefined;
  readonly yes: boolean;
}

interface OriginEdit {
  readonly pool: string;
  readonly origin: string;
  readonly change: Readonly<Record<string, unknown>>;
  /** What the origin does now, after `pool/origin`. */
  readonly now: string;
  /** It takes no new requests then. */
  readonly takesOut: boolean;
}

export const weight: Command = {
  usage: "weight POOL ORIGIN WEIGHT",
  does: "change an origin's share of the traffic",
  options: `  WEIGHT       0 to 1000, at most two decimals; 0 takes no new clients and keeps sessions
${HELP}`,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    const [pool, origin, text] = exactly("weight", ["a pool", "an origin", "a weight"], positionals);
    const weight = decimal("weight", text, 1_000);
    return await edit(values, {
      pool,
      origin,
      change: { weight },
      now: `has weight ${text}`,
      takesOut: weight === 0,
    });
  },
};

export const enable: Command = switched("enable", true, "let an origin take traffic again", "takes traffic");

export const disable: Command = switched(
  "disable",
  false,
  "take an origin out of all traffic at once, sessions too",
  "takes no traffic",
);

function switched(command: string, enabled: boolean, does: string, now: string): Command {
  return {
    usage: `${command} POOL ORIGIN`,
    does,
    options: HELP,
    async run(args) {
      const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
      const [pool, origin] = exactly(command, ["a pool", "an origin"], positionals);
      return await edit(values, { pool, origin, change: { enabled }, now, takesOut: !enabled });
    },
  };
}

async function edit(
  values: EditValues,
  { pool, origin, change, now, takesOut }: OriginEdit,
): Promise<number> {
  const client = adminClient(values);
  if (takesOut && !(await mayTakeOut(client, pool, origin, values.yes))) return EXIT.refused;
  const path = originPath(pool, origin) + because(values.message);
  const written = await client.ask(path, writeSchema, { method: "PATCH", body: change });
  const how = written.changed ? `(version ${written.version})` : "already, nothing changed";
  console.log(`${pool}/${origin} ${now} ${how}`);
  return EXIT.ok;
}
