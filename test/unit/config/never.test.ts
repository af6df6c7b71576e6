/** What a configuration may not say, because it can never work. */
import { describe, expect, it } from "vitest";
import { healthCheckSchema } from "../../../src/config/health-schema.ts";
import { parsePool } from "../../../src/config/parse.ts";

const ORIGIN = { id: "a", url: "https://a.example.com" };

function errors(fields: object, allowIpOrigins = false): string[] {
  const parsed = parsePool({ origins: [ORIGIN], ...fields }, { allowIpOrigins });
  return parsed.ok ? [] : parsed.errors.map(({ message }) => message);
}

const check = (fields: object) => errors({ health_check: fields });

describe("a check that expects a body", () => {
  const NO_BODY = [
    "health_check.expected_body: must be null where expected_codes names no answer with a body, found a text",
  ];

  it("is refused with HEAD", () => {
    expect(check({ method: "HEAD", expected_body: "ok" })).toEqual([
      "health_check.expected_body: must be null with the method HEAD, whose answers have no body, found a text",
    ]);
  });

  it.each(["204", "304", "205", "204,304", "101", "100-101,204"])(
    "is refused with nothing but %s",
    (codes) => {
      expect(check({ expected_codes: codes, expected_body: "ok" })).toEqual(NO_BODY);
    },
  );

  it.each([
    { method: "HEAD" },
    { method: "HEAD", expected_body: null },
    { expected_codes: "204" },
    { expected_codes: "204,200", expected_body: "ok" },
    { expected_codes: "3xx", expected_body: "ok" },
    { method: "OPTIONS", expected_body: "ok" },
    { type: "tcp", method: "HEAD", expected_body: "ok" },
  ])("is accepted otherwise: %j", (fields) => {
    expect(check(fields)).toEqual([]);
  });
});

describe("expected_codes", () => {
  it.each(["100", "1xx", "102-199", "100,103"].map((codes) => [codes, codes === "1xx"] as const))(
    "%s: a probe never gets a status that is not final",
    (codes, holds101) => {
      expect(check({ expected_codes: codes }).length).toBe(holds101 ? 0 : 1);
    },
  );

  it("has a bound, and a longer text is not parsed", () => {
    const list = (length: number) => "200,".repeat(length / 4).slice(0, -1);
    expect(check({ expected_codes: list(500) })).toEqual([]);
    const long = "200,".repeat(200_000);
    expect(healthCheckSchema.safeParse({ expected_codes: long }).error?.issues.length).toBe(1);
    expect(check({ expected_codes: long })[0]).toContain("must have at most 500 characters");
  });
});

it("a check sends a bounded number of headers", () => {
  const headers = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, "v"]));
  expect(check({ headers: headers(50) })).toEqual([]);
  expect(check({ headers: headers(51) })).toEqual([
    "health_check.headers: must hold at most 50 headers, found an object",
  ]);
});

describe("notify_url", () => {
  const LOCAL = [
    "http://127.0.0.1/",
    "http://10.0.0.5/hook",
    "https://192.168.1.1:8443/",
    "http://169.254.169.254/latest/meta-data",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://[::1]/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://8.8.8.8/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://a.localhost:3000/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://printer.local/",
    "http://router.home.arpa/",
    "http://intranet/",
    "http://hooks./",
  ];

  it.each(LOCAL)("must not be %s, which Cloudflare's network does not reach", (notify_url) => {
    expect(errors({ notify_url })).toEqual([
      "notify_url: must have a public DNS name as its host: notifications leave from Cloudflare's network, found a local one",
    ]);
    expect(errors({ notify_url }, true), "on a machine to try things on").toEqual([]);
  });

  it.each([
    "https://hooks.slack.com/services/T0/B0/x",
    "http://internal.example.com/",
    "https://localhost.example.com./",
    "https://xn--bcher-kva.example/",
  ])("may be %s", (notify_url) => {
    expect(errors({ notify_url })).toEqual([]);
  });
});
