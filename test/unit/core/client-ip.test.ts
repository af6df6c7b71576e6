import { describe, expect, it } from "vitest";
import { clientKey } from "../../../src/core/affinity/client-ip.ts";

describe("the key of a client", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1", "an IPv4 address as it is"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "an IPv6 address cut to its /64"],
    ["2001:DB8:0001:0002::9", "2001:db8:1:2::/64", "in one spelling"],
    ["2001:db8::1", "2001:db8:0:0::/64", "with the zeros that :: stands for"],
    ["2001:db8:1:2:3:4:5::", "2001:db8:1:2::/64", ":: at the end"],
    ["::", "0:0:0:0::/64", ":: alone"],
    ["fe80::1%eth0", "fe80:0:0:0::/64", "without the zone"],
    ["2001:db8:1:2:3:4:192.0.2.1", "2001:db8:1:2::/64", "a dotted end stands for two groups"],
    ["::ffff:192.0.2.1", "192.0.2.1", "an IPv4-mapped address is its IPv4 address"],
    ["::FFFF:c000:0201", "192.0.2.1", "also in hexadecimal"],
    ["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1", "also written out"],
  ])("%s is %s: %s", (address, key) => {
    expect(clientKey(address)).toBe(key);
  });

  it("is the same for all addresses of one subscriber, and another for the next", () => {
    expect(clientKey("2001:db8:1:2:aaaa::1")).toBe(clientKey("2001:db8:1:2:bbbb::2"));
    expect(clientKey("2001:db8:1:2::1")).not.toBe(clientKey("2001:db8:1:3::1"));
  });

  it.each([
    "",
    "client-7",
    "host:8080",
    "1:2:3",
    "1::2::3",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "12345::1",
    "::ffff:1.2.3.999",
    "[2001:db8::1]:443",
    ":::",
  ])("is %j itself, because it is not an address", (text) => {
    expect(clientKey(text)).toBe(text);
  });
});
