/**
 * Prints the request log for people, one line a request, and selects the requests to print.
 * @module
 */
import * as z from "zod";
import type { Paint } from "./terminal/paint.ts";

const requestSchema = z.looseObject({
  time: z.string().optional(),
  request_id: z.string(),
  method: z.string(),
  path: z.string(),
  pool: z.string().nullable(),
  origin: z.string().nullable(),
  status: z.number(),
  duration_ms: z.number(),
  attempts: z.number(),
  why: z.string(),
  /** Of a route with several pools. */
  arrival: z.string().optional(),
  steered_from: z.string().nullish(),
});

const eventSchema = z.looseObject({ time: z.string().optional(), event: z.string() });

// Wrangler's record of one invocation. Its messages are the arguments of the Worker's console.log.
const invocationSchema = z.looseObject({
  logs: z.array(z.looseObject({ message: z.array(z.unknown()) })),
  exceptions: z.array(z.looseObject({ name: z.string(), message: z.string() })).default([]),
});

type RequestLine = z.output<typeof requestSchema>;

export interface LineFilter {
  readonly pool?: string | undefined;
  readonly origin?: string | undefined;
  /** A status such as `503`, or a class such as `5xx`. */
  readonly status?: string | undefined;
  /** Beginning of the path. */
  readonly path?: string | undefined;
  readonly why?: string | undefined;
}

/** The log entries in wrangler's record of an invocation, or in a line of the log itself. */
export function entriesOf(value: unknown): unknown[] {
  const invocation = invocationSchema.safeParse(value);
  if (!invocation.success) return [value];
  const { logs, exceptions } = invocation.data;
  const logged = logs.flatMap(({ message }) => message.flatMap(parsedText));
  const thrown = exceptions.map(({ name, message }) => ({
    event: "exception",
    error: `${name}: ${message}`,
  }));
  return [...logged, ...thrown];
}

function parsedText(part: unknown): unknown[] {
  if (typeof part !== "string") return [part];
  try {
    return [JSON.parse(part)];
  } catch {
    return [];
  }
}

/** True if the entry is selected. An entry that is not a request is selected only without filters. */
export function isWanted(entry: unknown, filter: LineFilter): boolean {
  const request = requestSchema.safeParse(entry);
  if (!request.success) return Object.values(filter).every((value) => value === undefined);
  const { pool, origin, status, path, why } = request.data;
  const fits = (wanted: string | undefined, found: string | null) => wanted === undefined || wanted === found;
  const hasStatus =
    filter.status === undefined ||
    filter.status === `${status}` ||
    filter.status.toLowerCase() === `${Math.floor(status / 100)}xx`;
  return (
    hasStatus &&
    fits(filter.pool, pool) &&
    fits(filter.origin, origin) &&
    fits(filter.why, why) &&
    (filter.path === undefined || path.startsWith(filter.path))
  );
}

/** The entry as a line; null if it is not an entry of the request log. */
export function entryLine(entry: unknown, paint: Paint): string | null {
  const request = requestSchema.safeParse(entry);
  if (request.success) return requestLine(request.data, paint);
  const event = eventSchema.safeParse(entry);
  if (!event.success) return null;
  const { time, event: name, ...rest } = event.data;
  return `${paint.dim(clock(time))}  ${paint.yellow(name)}  ${JSON.stringify(rest)}`;
}

function requestLine(line: RequestLine, paint: Paint): string {
  const { time, method, path, pool, origin, status, duration_ms, attempts, why, request_id } = line;
  const colour = status >= 500 ? paint.red : status >= 400 ? paint.yellow : paint.green;
  const { arrival, steered_from } = line;
  const came =
    arrival === undefined ? "" : ` (${arrival}${steered_from == null ? "" : `, not ${steered_from}`})`;
  const where = pool === null ? "-" : origin === null ? pool : `${pool}/${origin}`;
  const tries = attempts > 1 ? `, ${attempts} attempts` : "";
  return `${paint.dim(clock(time))}  ${colour(`${status}`)}  ${method} ${path}  ${paint.bold(where)}${came}  ${why}  ${duration_ms}ms${tries}  ${paint.dim(request_id)}`;
}

/** The time of day of an ISO time; `--:--:--` if there is none. */
function clock(time: string | undefined): string {
  return time?.slice(11, 23) ?? "--:--:--";
}
