/**
 * `check FILE`: is the configuration valid?
 * @module
 */
import { parseArgs } from "node:util";
import { implicitPool } from "../../src/config/routing.ts";
import type { ConfigFile } from "../../src/config/schema.ts";
import { UsageError } from "../lib/options.ts";
import { count } from "../lib/terminal/format.ts";
import { type Command, EXIT } from "./command.ts";
import { goodConfig, theFile } from "./store-options.ts";

export const check: Command = {
  usage: "check FILE [--local | --remote]",
  does: "validate FILE",
  options: `  --local    allow origins at IP addresses and localhost, which only work on this machine
  --remote   as production takes it (default)`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      options: { local: { type: "boolean", default: false }, remote: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const file = theFile("check", positionals);
    if (values.local && values.remote) throw new UsageError("only one of --local and --remote can be meant");
    const loaded = await goodConfig(file, { allowIpOrigins: values.local });
    if (loaded === null) return EXIT.refused;
    console.log(summary(file, loaded.config));
    return EXIT.ok;
  },
};

function summary(file: string, config: ConfigFile): string {
  const pools = Object.entries(config.pools);
  const lines = [
    `${file}: ok`,
    config.routes.length === 0
      ? withoutRoutes(Object.keys(config.pools))
      : count(config.routes.length, "route"),
    ...pools.map(([id, pool]) => `pool ${id}: ${pool.algorithm}, ${count(pool.origins.length, "origin")}`),
  ];
  return lines.join("\n");
}

function withoutRoutes(poolIds: readonly string[]): string {
  const pool = implicitPool(poolIds);
  if (pool === null) return 'no routes, and no pool "default": every request is answered 404';
  return `no routes: everything goes to pool ${pool}`;
}
