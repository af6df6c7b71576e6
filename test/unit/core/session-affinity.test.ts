import { beforeEach, describe, expect, it } from "vitest";
import { SessionAffinity, type SessionAffinityOptions } from "../../../src/core/affinity/session-affinity.ts";
import { Server } from "../../../src/core/server/server.ts";

const a = new Server("a.example", 443);
const b = new Server("b.example", 443);
let nowMs = 0;

beforeEach(() => {
  nowMs = 1_000_000;
});

const affinity = (options: SessionAffinityOptions = {}) =>
  new SessionAffinity({ now: () => nowMs, ...options });
const at = (clientIp: string, cookies?: Record<string, string>) => ({
  clientIp,
  ...(cookies && { cookies }),
});

describe.each(["cookie", "ip_cookie"] as const)("by %s", (method) => {
  it("keeps a client without a cookie by its address", () => {
    const pins = affinity({ method });
    pins.pin(at("192.0.2.1"), a);
    expect(pins.getServer(at("192.0.2.1"))).toBe(a);
    expect(pins.getServer(at("192.0.2.2"))).toBeNull();
  });

  it("keeps a session whatever its address does", () => {
    const pins = affinity({ method });
    pins.pin(at("192.0.2.1", { session: "s1" }), a);
    expect(pins.getServer(at("198.51.100.7", { session: "s1" }))).toBe(a);
    expect(pins.getServer({ cookies: { session: "s1" } })).toBe(a);
  });

  it("keeps sessions behind one address apart", () => {
    const pins = affinity({ method });
    pins.pin(at("192.0.2.1", { session: "s1" }), a);
    pins.pin(at("192.0.2.1", { session: "s2" }), b);
    expect(pins.getServer(at("192.0.2.1", { session: "s1" }))).toBe(a);
    expect(pins.getServer(at("192.0.2.1", { session: "s2" }))).toBe(b);
    expect(pins.getServer(at("192.0.2.1"))).toBeNull();
  });
});

describe("by ip", () => {
  it("goes by the address even if there is a session", () => {
    const pins = affinity({ method: "ip" });
    pins.pin(at("192.0.2.1", { session: "s1" }), a);
    expect(pins.getServer(at("192.0.2.1", { session: "s2" }))).toBe(a);
    expect(pins.getServer(at("192.0.2.2", { session: "s1" }))).toBeNull();
  });

  it("takes the addresses of one IPv6 subscriber for one client", () => {
    const pins = affinity({ method: "ip" });
    pins.pin(at("2001:db8:1:2::5"), a);
    expect(pins.getServer(at("2001:db8:1:2:abcd::9"))).toBe(a);
    expect(pins.getServer(at("2001:db8:1:3::5"))).toBeNull();
  });
});

describe("the session cookie", () => {
  it.each([
    "__lb",
    "session",
    "session_id",
    "sid",
    "connect.sid",
    "JSESSIONID",
    "PHPSESSID",
    "ASP.NET_SessionId",
  ])("may have the name %s", (name) => {
    const pins = affinity();
    pins.pin(at("192.0.2.1", { theme: "dark", [name]: "s1" }), a);
    expect(pins.getServer(at("192.0.2.2", { [name]: "s1" }))).toBe(a);
  });

  it("is not any other cookie", () => {
    const pins = affinity();
    pins.pin(at("192.0.2.1", { theme: "dark" }), a);
    expect(pins.getServer(at("192.0.2.2", { theme: "dark" }))).toBeNull();
    expect(pins.getServer(at("192.0.2.1", { theme: "light" }))).toBe(a);
  });

  it("is chosen independently of the client's order, and __lb first", () => {
    const pins = affinity();
    pins.pin(at("192.0.2.1", { session: "s1", app_sid: "x" }), a);
    expect(pins.getServer(at("192.0.2.2", { app_sid: "x", session: "s1" }))).toBe(a);
    expect(pins.getServer(at("192.0.2.2", { app_sid: "x", session: "other" }))).toBe(a);
    pins.pin(at("192.0.2.1", { app_sid: "x", __lb: "p" }), b);
    expect(pins.getServer(at("192.0.2.2", { app_sid: "y", __lb: "p" }))).toBe(b);
  });

  it("is only the named one if one is named", () => {
    const pins = affinity({ cookieName: "cart" });
    pins.pin(at("192.0.2.1", { cart: "c1", session: "s1" }), a);
    expect(pins.getServer(at("192.0.2.2", { cart: "c1" }))).toBe(a);
    expect(pins.getServer(at("192.0.2.2", { session: "s1" }))).toBeNull();
  });

  it("does not count while it is empty, or inherited from Object", () => {
    const pins = affinity({ cookieName: "constructor" });
    pins.pin(at("192.0.2.1", {}), a);
    expect(pins.getServer(at("192.0.2.1", { constructor: "" } as Record<string, string>))).toBe(a);
    expect(pins.getServer(at("192.0.2.2", {}))).toBeNull();
  });

  it("counts by its last 128 characters, however long the client makes it", () => {
    const pins = affinity();
    const tail = "t".repeat(128);
    pins.pin({ cookies: { sid: `${"x".repeat(4_000)}${tail}` } }, a);
    expect(pins.getServer({ cookies: { sid: `y${tail}` } })).toBe(a);
    expect(pins.getServer({ cookies: { sid: `${tail}u` } })).toBeNull();
  });
});

it("a request without a session and without an address makes no pin", () => {
  const pins = affinity();
  pins.pin({}, a);
  pins.pin({ clientIp: "" }, a);
  expect(pins.size).toBe(0);
  expect(pins.getServer({})).toBeNull();
});

describe("a pin", () => {
  it("lasts for ttl seconds after its last use", () => {
    const pins = affinity({ ttl: 60 });
    pins.pin(at("192.0.2.1"), a);
    nowMs += 59_999;
    expect(pins.getServer(at("192.0.2.1"))).toBe(a);
    nowMs += 59_999;
    expect(pins.getServer(at("192.0.2.1"))).toBe(a);
    nowMs += 60_000;
    expect(pins.getServer(at("192.0.2.1"))).toBeNull();
    expect(pins.size).toBe(0);
  });

  it("lasts an hour by default", () => {
    const pins = affinity();
    pins.pin(at("192.0.2.1"), a);
    nowMs += 3_599_999;
    expect(pins.getServer(at("192.0.2.1"))).toBe(a);
    nowMs += 3_600_000;
    expect(pins.getServer(at("192.0.2.1"))).toBeNull();
  });

  it("moves when the client is pinned anew", () => {
    const pins = affinity();
    pins.pin(at("192.0.2.1"), a);
    pins.pin(at("192.0.2.1"), b);
    expect(pins.getServer(at("192.0.2.1"))).toBe(b);
    expect(pins.size).toBe(1);
  });

  it("is forgotten with its server, and only then", () => {
    const pins = affinity();
    pins.pin(at("192.0.2.1"), a);
    pins.pin(at("192.0.2.2"), b);
    pins.forget(a);
    expect(pins.getServer(at("192.0.2.1"))).toBeNull();
    expect(pins.getServer(at("192.0.2.2"))).toBe(b);
  });
});

describe("memory", () => {
  it("is bounded: beyond maxPins the least recently used pin is removed", () => {
    const pins = affinity({ maxPins: 3 });
    for (const last of [1, 2, 3]) pins.pin(at(`192.0.2.${last}`), a);
    pins.getServer(at("192.0.2.1"));
    pins.pin(at("192.0.2.4"), a);
    expect(pins.size).toBe(3);
    expect(pins.getServer(at("192.0.2.2"))).toBeNull();
    expect(pins.getServer(at("192.0.2.1"))).toBe(a);
  });

  it("does not grow with the number of clients", () => {
    const pins = affinity({ maxPins: 100 });
    for (let i = 0; i < 5_000; i++) pins.pin({ cookies: { sid: `${i}` } }, a);
    expect(pins.size).toBe(100);
  });
});
