/**
 * `check FILE`: is the configuration valid?
 * @module
 */
import { parseArgs } from "node:util";
import { implicitPool } from "../../src/config/routing.ts";
import type { ConfigFile } from "../../src/config/schema.ts";
import { loadConfigFile } from "../lib/config-file.ts";
import { UsageError } from "../lib/options.ts";
import { count } from "../lib/terminal/format.ts";
import { goesNowhere } from "../lib/without-routes.ts";
import { type Command, EXIT } from "./command.ts";
import { goodConfig, theFile } from "./store-options.ts";

const LOCAL_HINT = "to run it on this machine only: with --local, IP addresses and localhost are allowed";

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
    if (loaded === null) {
      const isHint = !values.local && !values.remote && (await hasLocalAddresses(file));
      if (isHint) console.error(LOCAL_HINT);
      return EXIT.refused;
    }
    console.log(summary(file, loaded.config));
    return EXIT.ok;
  },
};

/** True if addresses that only work on this machine are among what is wrong. */
async function hasLocalAddresses(file: string): Promise<boolean> {
  const [anywhere, here] = await Promise.all([
    loadConfigFile(file),
    loadConfigFile(file, { allowIpOrigins: true }),
  ]);
  return !anywhere.ok && (here.ok || here.errors.length < anywhere.errors.length);
}

function summary(file: string, config: ConfigFile): string {
  const pools = Object.entries(config.pools);
  const lines = [
    `${file}: ok`,
    config.routes.length === 0 ? withoutRoutes(config) : count(config.routes.length, "route"),
    ...pools.map(([id, pool]) => `pool ${id}: ${pool.algorithm}, ${count(pool.origins.length, "origin")}`),
  ];
  return lines.join("\n");
}

function withoutRoutes(config: ConfigFile): string {
  const nowhere = goesNowhere(config);
  if (nowhere !== null) return `warning: ${nowhere}`;
  const pool = implicitPool(Object.keys(config.pools));
  return pool === null ? "no routes, and no pool" : `no routes: everything goes to pool ${pool}`;
}
