/**
 * `drain POOL ORIGIN`, `undrain POOL ORIGIN`: takes an origin out of service, and brings it back.
 * @module
 */
import { parseArgs } from "node:util";
import * as z from "zod";
import { originSchema } from "../../src/admin/http/schemas.ts";
import type { AdminClient } from "../lib/admin-client.ts";
import { awaitDrain, type DrainEnd } from "../lib/drain-wait.ts";
import { count, countdown } from "../lib/terminal/format.ts";
import { exactly, originPath } from "./arguments.ts";
import { adminClient, BALANCER_HELP, BALANCER_OPTIONS } from "./balancer-options.ts";
import { type Command, EXIT } from "./command.ts";
import { mayTakeOut, YES_HELP, YES_OPTION } from "./last-origin.ts";

const turnSchema = originSchema.extend({ changed: z.boolean() });

export const drain: Command = {
  usage: "drain POOL ORIGIN [--wait] [--yes]",
  does: "send nothing new to an origin; its sessions and open connections go on",
  options: `  --wait       until it is empty; exit code 1 if drain_timeout is over and connections are left.
               WebSockets count with count_websockets, or where something goes by connections
${YES_HELP}
${BALANCER_HELP}`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      options: { ...BALANCER_OPTIONS, ...YES_OPTION, wait: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const [pool, origin] = exactly("drain", ["a pool", "an origin"], positionals);
    const interrupted = new AbortController();
    const client = adminClient(values, interrupted.signal);
    if (!(await mayTakeOut(client, pool, origin, values.yes))) return EXIT.refused;
    const turned = await turn(client, pool, origin, "drain");
    if (!values.wait) {
      console.log(`${pool}/${origin} ${stateOf(turned)}`);
      return EXIT.ok;
    }
    process.once("SIGINT", () => interrupted.abort());
    const { end, active } = await awaitDrain(client, pool, origin, interrupted.signal);
    const [code, says] = verdict(end, active);
    console.log(`${pool}/${origin}${says}`);
    return code;
  },
};

function stateOf({
  changed,
  drained,
  drain_deadline,
  active_connections,
}: z.output<typeof turnSchema>): string {
  const open = `${count(active_connections, "connection")} open`;
  if (drained) return `is drained already, ${open}`;
  const left = countdown((drain_deadline ?? 0) - Date.now());
  return `${changed ? "drains" : "is draining already"}: ${open}, ${left} left`;
}

function verdict(end: DrainEnd, active: number): [exitCode: number, says: string] {
  switch (end) {
    case "empty":
      return [EXIT.ok, " is empty"];
    case "time_up":
      return [EXIT.no, `: time is up, and ${count(active, "connection")} left`];
    case "undrained":
      return [EXIT.no, ": somebody ended the drain"];
    case "interrupted":
      return [EXIT.interrupted, " drains on; undrain would end that"];
  }
}

export const undrain: Command = {
  usage: "undrain POOL ORIGIN",
  does: "end a drain: the origin may take requests again",
  options: BALANCER_HELP,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options: BALANCER_OPTIONS, allowPositionals: true });
    const [pool, origin] = exactly("undrain", ["a pool", "an origin"], positionals);
    const { changed, removing } = await turn(adminClient(values), pool, origin, "undrain");
    // Whether it takes requests is for its weight, its health and `enable` to say as well.
    const ended = changed ? "is not drained any more" : "was not draining";
    const says = removing ? "drains on: the configuration has it no more, add it again" : ended;
    console.log(`${pool}/${origin} ${says}`);
    return removing ? EXIT.no : EXIT.ok;
  },
};

function turn(client: AdminClient, pool: string, origin: string, verb: "drain" | "undrain") {
  return client.ask(`${originPath(pool, origin)}/${verb}`, turnSchema, { method: "POST" });
}
