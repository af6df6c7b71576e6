/**
 * The command line of `npm start`.
 * @module
 */
import { parseArgs } from "node:util";

export interface StartOptions {
  /** Configuration file; null: the demo. */
  readonly config: string | null;
  /** 0: any free port. */
  readonly port: number;
  /** Directory for the state of KV and the objects; null: the state ends with the process. */
  readonly state: string | null;
  /** Token of the admin API; null: none given. */
  readonly adminToken: string | null;
  /** File that gets the Worker's log lines; null: stderr. */
  readonly log: string | null;
  /** Port for a debugger; null: none. */
  readonly inspectorPort: number | null;
}

export const DEFAULT_PORT = 8787;

export const USAGE = `Usage: npm start                                    three demo origins and the balancer
       npm start -- --config FILE [OPTIONS]        the balancer alone, on your configuration

  --config FILE        routes and pools, JSON with comments; watched: a change takes effect at once
  --port N             listen on 127.0.0.1:N; 0 takes any free port (default ${DEFAULT_PORT})
  --state DIR          keep KV and the pools' state in DIR, so that they survive a restart
  --admin-token T      switch the admin API and the dashboard on, with this token; on a terminal one is made if none is
                       given
  --log FILE           append the Worker's log lines to FILE (default: stderr)
  --inspector-port N   let a debugger such as Chrome's DevTools attach to 127.0.0.1:N; 0 takes any free port
  --help               this text

LB_VAR_NAME=VALUE in the environment gives the Worker a variable NAME. LB_BINDING_ORIGIN_NAME=URL gives it a binding
ORIGIN_NAME that leads to a server on this machine, such as http://127.0.0.1:9000.
Exit code: 0 stopped by SIGTERM or SIGINT, 1 could not run, 2 wrong usage or a configuration with errors.`;

/** The command line is wrong; the message says why. */
export class UsageError extends Error {}

/** @throws UsageError; "help" stands for a request for the usage text */
export function parseOptions(args: readonly string[]): StartOptions | "help" {
  const values = parse(args);
  if (values.help === true) return "help";
  const port = values.port === undefined ? DEFAULT_PORT : parsePort("--port", values.port);
  return {
    config: nonEmpty("--config", values.config),
    port,
    state: nonEmpty("--state", values.state),
    adminToken: nonEmpty("--admin-token", values["admin-token"]),
    log: nonEmpty("--log", values.log),
    inspectorPort: parseInspectorPort(values["inspector-port"], port),
  };
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: "string" },
        port: { type: "string" },
        state: { type: "string" },
        "admin-token": { type: "string" },
        log: { type: "string" },
        "inspector-port": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parsePort(flag: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new UsageError(`${flag}: ${JSON.stringify(text)} is not a port (0 to 65535)`);
}

/** @param taken the port of the balancer itself: with both on one, the runtime would wait for ever */
function parseInspectorPort(text: string | undefined, taken: number): number | null {
  if (text === undefined) return null;
  const port = parsePort("--inspector-port", text);
  if (port === taken && port !== 0)
    throw new UsageError(`--inspector-port: ${port} is the balancer's own port`);
  return port;
}

function nonEmpty(flag: string, value: string | undefined): string | null {
  if (value === "") throw new UsageError(`${flag}: a value is missing`);
  return value ?? null;
}
