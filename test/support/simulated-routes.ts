/**
 * Simulates routes and pools that are given as a configuration.
 * @module
 */
import { parse } from "../../sim/lib/options.ts";
import { type RouteOptions, routeOptions } from "../../sim/lib/routes/options.ts";
import { type RouteResults, routeResults } from "../../sim/lib/routes/results.ts";
import { type RoutesTarget, routesTarget } from "../../sim/lib/routes/target.ts";
import { RoutesWorld } from "../../sim/lib/routes/world.ts";
import { parseConfigFile } from "../../src/config/parse.ts";

export interface Written {
  readonly routes: readonly object[];
  readonly pools: Readonly<Record<string, object>>;
}

export interface SimulatedRoutes {
  readonly options: RouteOptions;
  readonly target: RoutesTarget;
  readonly world: RoutesWorld;
  readonly results: RouteResults;
}

/** @param args as on the command line, after `--routes` */
export async function simulatedRoutes(written: Written, args: string): Promise<SimulatedRoutes> {
  const options = routeOptions(parse(["--config", "none", "--routes", ...args.split(" ")]));
  const parsed = parseConfigFile(written, { allowIpOrigins: true });
  if (options === null || !parsed.ok) throw new Error(JSON.stringify(parsed));
  const target = routesTarget(options, parsed.value, written.routes, (pool) =>
    JSON.stringify(written.pools[pool]),
  );
  const world = await new RoutesWorld(options, target).run();
  return { options, target, world, results: routeResults(options, target, world) };
}
