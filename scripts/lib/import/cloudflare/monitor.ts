/**
 * A monitor as a health check.
 * @module
 */
import { healthCheckSchema } from "../../../../src/config/health-schema.ts";
import type { Findings } from "../findings.ts";
import { clamp } from "../numbers.ts";
import type { Scheme } from "../origin-url.ts";
import type { HealthCheckDocument } from "../result.ts";
import type { Item } from "./export.ts";
import { type Fields, reportRest } from "./rest.ts";
import type { CfMonitor } from "./schemas.ts";

/** What the API fills in where a monitor is silent. */
const DEFAULTS = { type: "http", interval: 60, timeout: 5, retries: 2, expected_codes: "200" };
const METHODS = ["GET", "HEAD", "OPTIONS", "POST"] as const;

const FIELDS: Fields = {
  used: [
    "type",
    "method",
    "path",
    "port",
    "header",
    "expected_codes",
    "expected_body",
    "interval",
    "timeout",
    "retries",
    "consecutive_up",
    "consecutive_down",
    "follow_redirects",
  ],
  left: {
    allow_insecure: "whether a certificate is checked is the zone's SSL/TLS mode, not the health check's",
    probe_zone: "probes go to the origin directly, not through a zone",
  },
};

/** What the pool's origins are like, as far as a probe depends on it. */
export interface Probed {
  readonly pool: string;
  /** Of each origin. */
  readonly schemes: readonly Scheme[];
  readonly ports: readonly (number | null)[];
}

/** @returns null if nothing here can check what the monitor checks */
export function healthCheckOf(
  monitor: Item<CfMonitor>,
  probed: Probed,
  findings: Findings,
): HealthCheckDocument | null {
  const { value } = monitor;
  const type = value.type ?? DEFAULTS.type;
  reportRest(monitor, [], value, FIELDS, findings);
  if (type === "tcp")
    return { type: "tcp", ...portOf(monitor, probed, findings), ...timesOf(monitor, findings) };
  if (type === "http" || type === "https") {
    return {
      ...requestOf(monitor, findings),
      ...portOf(monitor, probed, findings),
      ...timesOf(monitor, findings),
      ...expectedOf(monitor, findings),
    };
  }
  findings.todo(
    monitor.at("type"),
    `origins cannot be checked by ${type}: no health check for pool ${probed.pool}`,
  );
  return null;
}

/** The interval is divided by the tries, so that an outage is noticed as fast as with retries at once. */
function timesOf(monitor: Item<CfMonitor>, findings: Findings): HealthCheckDocument {
  const { value } = monitor;
  const interval = value.interval ?? DEFAULTS.interval;
  const tries = (value.retries ?? DEFAULTS.retries) + 1;
  const timeout = clamp(value.timeout ?? DEFAULTS.timeout, 0.1, 60);
  const every = clamp(Math.round(interval / tries), 1, 3_600);
  const down = clamp(Math.max(1, value.consecutive_down ?? 1) * tries, 1, 100);
  if (tries > 1) {
    const instead = `${down} failures in a row, probed every ${every} s, count as down`;
    findings.changed(monitor.at("retries"), `a failed probe is not repeated at once; instead ${instead}`);
  }
  return {
    interval: every,
    timeout,
    healthy_threshold: clamp(Math.max(1, value.consecutive_up ?? 1), 1, 100),
    unhealthy_threshold: down,
  };
}

function requestOf(monitor: Item<CfMonitor>, findings: Findings): HealthCheckDocument {
  const { value } = monitor;
  const check: HealthCheckDocument = {};
  const wanted = (value.method ?? "").toUpperCase() || "GET";
  const method = METHODS.find((each) => each === wanted);
  if (method === undefined)
    findings.changed(monitor.at("method"), `a probe cannot be a ${wanted}; it is a GET`);
  else if (method !== "GET") check.method = method;
  const path = (value.path ?? "").replace(/^(?!\/)/, "/");
  if (!healthCheckSchema.shape.path.safeParse(path).success) {
    findings.changed(monitor.at("path"), "is not a path that can be sent; probes ask for /");
  } else if (path !== "/") check.path = path;
  const headers = headersOf(monitor, findings);
  if (Object.keys(headers).length > 0) check.headers = headers;
  if (value.follow_redirects === true) check.follow_redirects = true;
  return check;
}

function headersOf(monitor: Item<CfMonitor>, findings: Findings): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(monitor.value.header ?? {})) {
    const text = values.join(", ");
    if (name.toLowerCase() === "host") {
      findings.changed(monitor.at("header", name), "a probe's Host is the host of the origin's url");
    } else if (healthCheckSchema.shape.headers.safeParse({ [name]: text }).success) headers[name] = text;
    else findings.todo(monitor.at("header", name), "is not a header that can be sent");
  }
  return headers;
}

function expectedOf(monitor: Item<CfMonitor>, findings: Findings): HealthCheckDocument {
  const { value } = monitor;
  const check: HealthCheckDocument = {};
  const codes = value.expected_codes ?? "";
  if (healthCheckSchema.shape.expected_codes.safeParse(codes || DEFAULTS.expected_codes).success) {
    check.expected_codes = codes || DEFAULTS.expected_codes;
  } else {
    findings.changed(monitor.at("expected_codes"), `${JSON.stringify(codes)} is not understood; 2xx passes`);
  }
  const body = value.expected_body ?? "";
  if (body !== "" && value.method?.toUpperCase() === "HEAD") {
    findings.changed(
      monitor.at("expected_body"),
      "an answer to HEAD has no body; its status alone is judged",
    );
  } else if (body !== "") {
    check.expected_body = body.slice(0, 1_024);
    findings.changed(monitor.at("expected_body"), "upper and lower case count here");
  }
  return check;
}

/** A port is kept where it can be: a probe speaks the origin's own scheme. */
function portOf(
  monitor: Item<CfMonitor>,
  { pool, schemes, ports }: Probed,
  findings: Findings,
): HealthCheckDocument {
  const port = monitor.value.port ?? 0;
  const type = monitor.value.type ?? DEFAULTS.type;
  const other = type === "tcp" ? undefined : schemes.find((scheme) => scheme !== type);
  if (other !== undefined) {
    const own = port === 0 ? "" : `, at the origin's own port instead of ${port}`;
    findings.changed(monitor.at("type"), `pool ${pool} is probed by ${other}, as its traffic goes${own}`);
    return {};
  }
  const isOwn = ports.every((each, i) => (each ?? (schemes[i] === "https" ? 443 : 80)) === port);
  return port === 0 || isOwn ? {} : { port };
}
