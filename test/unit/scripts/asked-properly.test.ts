/** What `explain` and `events` refuse, because an answer to it would be one to another question. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { UsageError } from "../../../scripts/lib/options.ts";
import { events } from "../../../scripts/pools/events.ts";
import { explain } from "../../../scripts/pools/explain.ts";
import { cfOf } from "../../../scripts/pools/explained-client.ts";

/** Nothing listens there: what is refused is refused before anything is asked. */
const NOWHERE = ["--url", "http://127.0.0.1:9", "--token", "t"];

afterEach(() => vi.restoreAllMocks());

describe("a client whom the balancer would take for unknown is refused", () => {
  it.each([
    [{ country: "Japan" }, '--country: "Japan" is not'],
    [{ country: "ZZ" }, '--country: "ZZ" is not'],
    [{ state: "CA" }, '--state: "CA" is not'],
    [{ country: "US", state: "California" }, '--state: "California" is not'],
    [{ country: "US", state: "FR-75" }, '--state: "FR-75" is not'],
    [{ continent: "Europe" }, '--continent: "Europe" is not'],
    [{ from: "35.7" }, '--from: "35.7" is not'],
    [{ from: "99,1" }, '--from: "99,1" is not'],
    [{ from: "1,2,3" }, '--from: "1,2,3" is not'],
    [{ asn: "Telekom" }, '--asn: "Telekom" is not'],
    [{ asn: "0" }, '--asn: "0" is not'],
    [{ colo: "Frankfurt" }, '--colo: "Frankfurt" is not'],
  ])("%j", (values, message) => {
    expect(() => cfOf(values)).toThrow(UsageError);
    expect(() => cfOf(values)).toThrow(message);
  });

  it("and none of whom something or nothing is known", () => {
    expect(cfOf({})).toBeUndefined();
    expect(cfOf({ country: "xx" })).toEqual({ country: "XX" });
    expect(cfOf({ country: "t1" })).toEqual({ country: "T1" });
    const all = { country: "us", state: "us-ca", continent: "na", from: " 35.7, -139.7 ", asn: "AS64500" };
    expect(cfOf({ ...all, colo: "sjc" })).toEqual({
      country: "US",
      regionCode: "CA",
      continent: "NA",
      latitude: "35.7",
      longitude: "-139.7",
      asn: "64500",
      colo: "SJC",
    });
  });
});

it.each([
  [["--client-ip", "999.1.1.1"], '--client-ip: "999.1.1.1" is not an IP address'],
  [["--method", "GE T"], '--method: "GE T" is not a method, such as GET'],
  [["--cookie", "x"], '--cookie: "x" is not of the form NAME=VALUE'],
  [["--header", "x"], "--header: \"x\" is not of the form 'NAME: VALUE'"],
])("explain refuses %j", async (args, message) => {
  await expect(explain.run(["/", ...args, ...NOWHERE])).rejects.toThrow(new UsageError(message));
});

it("explain gives a header that is there twice as one, as it comes to the balancer", async () => {
  let asked: unknown;
  const server = createServer(async (request, response) => {
    asked = JSON.parse(Buffer.concat(await request.toArray()).toString()).headers;
    response.end("{}");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const twice = ["-H", "X-A: 1", "-H", "x-a: 2", "-H", "Cookie: a=1", "-H", "cookie: b=2", "--cookie", "c=3"];
  // Its answer does not matter here.
  await explain.run(["/", ...twice, "--url", url, "--token", "t"]).catch(() => undefined);
  expect(asked).toEqual({ "x-a": "1, 2", cookie: "a=1; b=2; c=3" });
});

it.each(["unhealty", "unhealthy,ejcted", "", ","])("events refuses the kind %j", async (kind) => {
  await expect(events.run(["--kind", kind, ...NOWHERE])).rejects.toThrow(
    /--kind: .* is not one of healthy, /,
  );
});
