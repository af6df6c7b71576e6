/**
 * `versions POOL [VERSION]`, `rollback POOL VERSION`: the configurations that were in force, and the way back.
 * @module
 */
import { parseArgs } from "node:util";
import * as z from "zod";
import { routesWriteSchema, versionDetailSchema, versionSchema } from "../../src/admin/http/schemas.ts";
import { because } from "../lib/admin-client.ts";
import { changeLines } from "../lib/change-lines.ts";
import { UsageError } from "../lib/options.ts";
import { type Paint, paintFor } from "../lib/terminal/paint.ts";
import { table } from "../lib/terminal/table.ts";
import { poolPath, wholeNumber } from "./arguments.ts";
import { adminClient, BALANCER_HELP, BALANCER_OPTIONS } from "./balancer-options.ts";
import { type Command, EXIT } from "./command.ts";

const listSchema = z.object({ versions: z.array(versionSchema) });
type Detail = z.output<typeof versionDetailSchema>;

const OPTIONS = { ...BALANCER_OPTIONS, routes: { type: "boolean", default: false } } as const;
const MOST_VERSION = 999_999_999;

export const versions: Command = {
  usage: "versions POOL [VERSION] [--json]",
  does: "list the configurations that were in force, or show what one of them changed",
  options: `  --routes     those of the routes, in place of POOL
  --json       print the API's answer
${BALANCER_HELP}`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      options: { ...OPTIONS, json: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const { name, path, rest } = subject("versions", values.routes, positionals);
    const client = adminClient(values);
    const [wanted, ...more] = rest;
    if (more.length > 0) throw new UsageError("versions takes one version at most");
    const paint = paintFor(process.stdout);
    if (wanted === undefined) {
      const found = await client.ask(`${path}/versions`, listSchema);
      console.log(values.json ? JSON.stringify(found, null, 2) : listed(name, found.versions, paint));
      return EXIT.ok;
    }
    const version = wholeNumber("a version", wanted, 1, MOST_VERSION);
    const detail = await client.ask(`${path}/versions/${version}`, versionDetailSchema);
    console.log(values.json ? JSON.stringify(detail, null, 2) : changed(name, detail, paint));
    return EXIT.ok;
  },
};

export const rollback: Command = {
  usage: "rollback POOL VERSION",
  does: "put an earlier configuration in force, as a new version",
  options: `  --routes     the routes, in place of POOL
  --message, -m TEXT   why, for the versions and events
${BALANCER_HELP}`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      options: { ...OPTIONS, message: { type: "string", short: "m" } },
      allowPositionals: true,
    });
    const { name, path, rest } = subject("rollback", values.routes, positionals);
    const [text, ...more] = rest;
    if (text === undefined || more.length > 0) throw new UsageError("rollback takes one version");
    const version = wholeNumber("a version", text, 1, MOST_VERSION);
    const call = `${path}/rollback${because(values.message)}`;
    const sending = { method: "POST", body: { version } } as const;
    const written = await adminClient(values).ask(call, routesWriteSchema, sending);
    console.log(
      written.changed
        ? `${name}: version ${written.version} is in force, with the configuration of version ${version}`
        : `${name}: version ${version} says what is in force already, nothing changed`,
    );
    return EXIT.ok;
  },
};

interface Subject {
  readonly name: string;
  readonly path: string;
  readonly rest: readonly string[];
}

/** What the arguments are about: a pool, or with `--routes` the routes. @throws UsageError */
function subject(command: string, routes: boolean, positionals: readonly string[]): Subject {
  if (routes) return { name: "routes", path: "/routes", rest: positionals };
  const [pool, ...rest] = positionals;
  if (pool === undefined) throw new UsageError(`${command} takes a pool, or --routes`);
  return { name: `pool ${pool}`, path: poolPath(pool), rest };
}

function listed(name: string, found: z.output<typeof listSchema>["versions"], paint: Paint): string {
  if (found.length === 0) return `${name} has no versions yet`;
  const rows = found.map(({ version, applied_at, who, message }, index) => [
    `${version}`,
    new Date(applied_at).toISOString(),
    who ?? "",
    index === 0 ? paint.green("in force") : "",
    message ?? "",
  ]);
  const titles = ["VERSION", "IN FORCE SINCE", "BY", "", ""].map((title) => paint.dim(title));
  return table([titles, ...rows], ["right", "left", "left", "left", "left"]).join("\n");
}

function changed(
  name: string,
  { version, applied_at, against, changes, who, message }: Detail,
  paint: Paint,
) {
  const by = who === undefined ? "" : ` by ${who}`;
  const why = message === undefined ? [] : [`  "${message}"`];
  const beside = against === null ? "the first that is kept" : `beside version ${against}`;
  const lines = changeLines(changes, paint).map((line) => `  ${line}`);
  const head = `${name}, version ${version}, in force since ${new Date(applied_at).toISOString()}${by}, ${beside}`;
  return [head, ...why, ...(lines.length === 0 ? ["  no change"] : lines)].join("\n");
}
