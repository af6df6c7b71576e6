import { describe, expect, it } from "vitest";
import { destination } from "../../support/destinations.ts";
import { importing } from "../../support/nginx-configs.ts";

const to = (name: string) => `location / { proxy_pass http://${name}.example.net; }`;

/** Where requests to hosts go, and what is said of servers. */
function serving(servers: string, hosts: readonly string[]) {
  const { config, said } = importing(`http { upstream unused { server u.example.net; } ${servers} }`);
  return {
    went: hosts.map((host) => destination(config, `${host}/`).replace("-example-net", "")),
    said: said.filter((line) => line.includes(": server ")),
  };
}

describe("servers", () => {
  it.each<[why: string, servers: string, went: string[]]>([
    ["the first one of a port is its default", `server { server_name a.test; ${to("a")} }`, ["a", "a"]],
    [
      "the one that says so is, wherever it stands",
      `server { server_name a.test; ${to("a")} } server { listen 80 default_server; ${to("b")} }`,
      ["a", "b"],
    ],
    [
      "a default server that is closed closes all other hosts",
      `server { listen 443 ssl default_server; ssl_reject_handshake on; }
       server { listen 443 ssl; server_name a.test; ${to("a")} }`,
      ["a", "404"],
    ],
    [
      "a host of its own does not go on to the default server",
      `server { ${to("b")} } server { server_name a.test; location /api/ { proxy_pass http://a.test; } }`,
      ["404", "b"],
    ],
    [
      "of two with the same name the first one counts",
      `server { server_name a.test; ${to("a")} } server { server_name a.test; ${to("b")} }`,
      ["a", "a"],
    ],
    [
      "https wins over http",
      `server { listen 80; server_name a.test; ${to("b")} } server { listen 443 ssl; server_name a.test; ${to("a")} }`,
      ["a", "a"],
    ],
    [
      "a host that only http has is served",
      `server { listen 80; server_name a.test; ${to("a")} } server { listen 443 ssl; server_name b.test; ${to("b")} }`,
      ["a", "b"],
    ],
    [
      "without 443 and 80 the first port is taken",
      `server { listen 8080; ${to("a")} } server { listen 9090; ${to("b")} }`,
      ["a", "a"],
    ],
    [
      "another port stays closed",
      `server { listen 80; return 404; } server { listen 9090; server_name a.test; ${to("b")} }`,
      ["404", "404"],
    ],
    [
      "what only the machine itself reaches stays closed",
      `server { listen 127.0.0.1:80; server_name a.test; ${to("a")} } server { listen 80; server_name b.test; return 404; }`,
      ["404", "404"],
    ],
    [
      "several ports are one server",
      `server { listen 80; listen [::]:80; listen 443 ssl; server_name a.test; ${to("a")} }`,
      ["a", "a"],
    ],
  ])("%s", (_why, servers, went) => {
    expect(serving(servers, ["a.test", "other.test"]).went).toEqual(went);
  });

  it.each([
    [
      `server { server_name a.test; ${to("a")} } server { server_name a.test; ${to("b")} }`,
      /is left out for a\.test at port 80/,
    ],
    [
      `server { listen 80; ${to("a")} } server { listen 9090; ${to("b")} }`,
      /stays closed, with location \/: it listens at port 9090, not at 80/,
    ],
    [
      `server { listen 80; ${to("a")} } server { listen unix:/run/x; ${to("b")} }`,
      /stays closed, .*only the machine itself reaches it/,
    ],
    [
      `server { listen 80; server_name a.test b.test; ${to("a")} } server { listen 443 ssl; server_name a.test; ${to("b")} }`,
      /server a\.test b\.test: is left out for a\.test, other hosts at port 80/,
    ],
  ])("says of %s", (servers, words) => {
    expect(serving(servers, []).said.filter((line) => words.test(line))).toEqual([
      expect.stringMatching(/^todo: /),
    ]);
  });
});
