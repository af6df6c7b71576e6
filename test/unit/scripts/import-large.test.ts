/** Files of thousands of lines, as hosters and generators make them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Findings } from "../../../scripts/lib/import/findings.ts";
import { wholeWeights } from "../../../scripts/lib/import/numbers.ts";
import { readSource } from "../../../scripts/lib/import/source.ts";
import { TextPlaces } from "../../../scripts/lib/text-places.ts";
import { destination } from "../../support/destinations.ts";
import { frontend, importing as importingHaproxy } from "../../support/haproxy-configs.ts";
import { importing as importingNginx, serverWith } from "../../support/nginx-configs.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
const address = (n: number) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;

describe("of HAProxy's", () => {
  test("a line for each of 900 hosts becomes a route for each", () => {
    const lines = numbers(900).map(
      (n) => `use_backend ${n % 2 === 0 ? "b" : "c"} if { hdr(host) h${n}.test }`,
    );
    const { config, todo } = frontend(lines.join("\n"));
    expect(config.routes).toHaveLength(901);
    const asked = [0, 1, 450, 899];
    expect(asked.map((n) => destination(config, `h${n}.test/x`))).toEqual(["b", "c", "b", "c"]);
    expect(destination(config, "other.test/x")).toBe("a");
    expect(todo).toEqual([]);
  });

  test("900 alternatives of one condition become a route for each", () => {
    const paths = numbers(900).map((n) => `{ path /p${n} }`);
    const { config } = frontend(`http-request deny if ${paths.join(" || ")}`);
    expect(config.routes).toHaveLength(901);
    expect(destination(config, "any.test/p899")).toBe("403");
    expect(destination(config, "any.test/p900")).toBe("a");
  });

  test("what is more than a configuration may have is refused", () => {
    const lines = numbers(20_000).map((n) => `http-request deny if { path /p${n} }`);
    expect(() => frontend(lines.join("\n"))).toThrow(/frontend www: becomes more than 1000 routes/);
    const few = numbers(1_500).map((n) => `http-request deny if { path /p${n} }`);
    expect(() => frontend(few.join("\n"))).toThrow(
      "the import as a whole: becomes 1501 routes, and a configuration has 1000 at most",
    );
  });

  test("a file of 200,000 addresses is said to be too long", () => {
    const list = numbers(200_000).map(address).join("\n");
    const { todo } = frontend("http-request deny if { src -f list }", { list });
    expect(todo).toEqual([expect.stringContaining("src: has more than 1000 values")]);
  });
});

describe("of nginx's", () => {
  test("a list of 250 addresses becomes routes that have room for them", () => {
    const allowed = numbers(250).map((n) => `allow ${address(n)};`);
    const { config } = serverWith(`location / { ${allowed.join(" ")} deny all; proxy_pass http://up; }`);
    const lists = (config.routes ?? []).flatMap(({ where }) => (where?.addresses ? [where.addresses] : []));
    expect(lists.map(({ length }) => length)).toEqual([100, 100, 50]);
    const at = (clientIp: string) => destination(config, "www.example.com/x", { clientIp });
    expect([at("10.0.0.249"), at("10.0.0.250")]).toEqual(["up", "403"]);
  });

  test("more servers than a configuration may have routes are refused", () => {
    const servers = numbers(1_001).map(
      (n) => `server { server_name h${n}.test; location / { proxy_pass http://up; } }`,
    );
    expect(() => importingNginx(`upstream up { server a.example.com; } ${servers.join("\n")}`)).toThrow(
      "the import as a whole: becomes 1001 routes, and a configuration has 1000 at most",
    );
  });
});

test("the weights of 200,000 servers are in the same proportion", () => {
  const weights = wholeWeights(
    numbers(200_000).map((n) => (n === 0 ? 4 : 2)),
    1_000,
  );
  expect(weights.slice(0, 3)).toEqual([2, 1, 1]);
});

test("a file that is no text is refused", () => {
  const utf16 = "\0f\0r\0o\0n\0t\0e\0n\0d";
  expect(() => importingHaproxy(utf16)).toThrow("haproxy.cfg: is no text in UTF-8: it has a byte of zero");
  expect(() => importingNginx(utf16)).toThrow("nginx.conf: is no text in UTF-8: it has a byte of zero");
});

test("a file in UTF-16 is refused as such, also if it has no byte of zero", () => {
  const folder = mkdtempSync(join(tmpdir(), "edge-balancer-"));
  const file = join(folder, "haproxy.cfg");
  for (const bytes of [Buffer.from("\uFEFF漢字", "utf16le"), Buffer.from("\uFEFF漢字", "utf16le").swap16()]) {
    writeFileSync(file, bytes);
    expect(() => readSource(file)).toThrow(`${file}: is UTF-16, by its byte order mark: save it as UTF-8`);
  }
  rmSync(folder, { recursive: true });
});

test("a report quotes no line of millions of characters as a whole", () => {
  const { todo } = frontend(`http-request deny if { path ${"x".repeat(1_000_000)} }`);
  expect(todo).toHaveLength(1);
  expect(todo[0]?.length).toBeLessThan(1_200);
  expect(todo[0]).toMatch(/http-request deny if \{ path x+ … /);
});

test("a message of 1,000 characters is shown as a whole, and a longer one without its middle", () => {
  const findings = new Findings();
  for (const length of [1_000, 1_001]) findings.todo(`f:${length}`, `${"a".repeat(length - 1)}b`);
  const shown = findings.all.map(({ message }) => message);
  expect(shown).toEqual([`${"a".repeat(999)}b`, `${"a".repeat(500)} … ${"a".repeat(499)}b`]);
});

test("lines and columns are those of an editor, wherever one looks first", () => {
  const text = "a\r\n\nbcd\ne";
  const places = new TextPlaces(text);
  const found = [...text].map((_, offset) => places.at(offset));
  expect(found.map(({ line, column }) => `${line}:${column}`)).toEqual(
    "1:1 1:2 1:3 2:1 3:1 3:2 3:3 3:4 4:1".split(" "),
  );
  expect(places.at(text.length)).toEqual({ line: 4, column: 2 });
  expect(new TextPlaces("").at(0)).toEqual({ line: 1, column: 1 });
});
