import { describe, expect, it } from "vitest";
import { backend, importing, TWO } from "../../support/haproxy-configs.ts";

const poolOf = (lines: string) => backend(lines).pool;

describe("how a server is chosen", () => {
  it.each<[line: string, expected: object]>([
    ["", {}],
    ["balance roundrobin", {}],
    ["balance static-rr", {}],
    ["balance leastconn", { algorithm: "least_connections" }],
    ["balance first", { algorithm: "first" }],
    ["balance random", { algorithm: "p2c" }],
    ["balance random(1)", { algorithm: "random" }],
    ["balance source", { algorithm: "consistent_hash" }],
    ["balance uri", { algorithm: "consistent_hash", hash_key: "path" }],
    ["balance url_param user", { algorithm: "consistent_hash", hash_key: "query:user" }],
    ["balance hdr(X-User)", { algorithm: "consistent_hash", hash_key: "header:x-user" }],
    ["balance hash req.cook(sid)", { algorithm: "consistent_hash", hash_key: "cookie:sid" }],
    ["balance source\nhash-balance-factor 150", { algorithm: "consistent_hash", hash_balance_factor: 150 }],
  ])("%s", (line, expected) => {
    const { algorithm, hash_key, hash_balance_factor } = poolOf(`${line}\n${TWO}`) ?? {};
    expect({ algorithm, hash_key, hash_balance_factor }).toEqual({
      algorithm: undefined,
      hash_key: undefined,
      hash_balance_factor: undefined,
      ...expected,
    });
  });

  it.each([
    ["balance source", /becomes consistent/],
    ["balance uri whole", /the whole path is the key, and nothing else/],
    ["balance hash rand", /has no counterpart as a key; the client's address is the key/],
    ["balance hash path,lower", /what lower does to the key is left out/],
    ["balance rdp-cookie", /^todo: .*is not known here; origins are chosen by turns/m],
  ])("%s: says so", (line, message) => {
    expect(backend(`${line}\n${TWO}`).said.join("\n")).toMatch(message);
  });

  it.each<[lines: string, sticky: object | undefined, said?: RegExp]>([
    ["cookie SRV insert indirect\ndefault-server cookie x", { method: "cookie", cookie_name: "SRV" }],
    [
      "cookie SRV insert maxidle 30m\ndefault-server cookie x",
      { method: "cookie", cookie_name: "SRV", ttl: 1_800 },
    ],
    ["cookie SRV insert dynamic maxidle 90", { method: "cookie", cookie_name: "SRV", ttl: 90 }],
    ["cookie SRV insert", undefined, /^left: .*no server has a cookie value, so no session was kept/m],
    [
      "cookie SID prefix\ndefault-server cookie x",
      undefined,
      /^todo: .*sessions are kept by a cookie of this balancer's/m,
    ],
    ["stick-table type ip size 1m expire 30m\nstick on src", { method: "ip", ttl: 1_800 }],
    [
      "stick-table type string size 1m\nstick on req.cook(x)",
      undefined,
      /^todo: .*stick-table .*nothing is kept in tables/m,
    ],
  ])("%s", (lines, sticky, said = /./) => {
    const { pool, said: all } = backend(`${lines}\n${TWO}`);
    expect(pool?.sticky).toEqual(sticky);
    expect(all.join("\n")).toMatch(said);
  });
});

describe("servers", () => {
  it.each<[server: string, origin: object]>([
    ["a.example.com:8080", { url: "http://a.example.com:8080" }],
    ["a.example.com:443 ssl verify required", { url: "https://a.example.com" }],
    ["a.example.com:80 weight 0", { weight: 0 }],
    ["a.example.com:80 maxconn 50", { max_connections: 50 }],
    ["a.example.com:80 backup", { backup: true }],
    ["a.example.com:80 disabled", { enabled: false }],
    ["ipv4@192.0.2.1:81", { url: "http://192-0-2-1.invalid:81", enabled: false }],
    ["2001:db8::1:81", { url: "http://2001-db8-1.invalid:81", enabled: false }],
    ["[2001:db8::1]:81", { url: "http://2001-db8-1.invalid:81", enabled: false }],
    ["unix@/run/app.sock", { url: "http://socket.invalid", enabled: false }],
  ])("%s", (text, origin) => {
    expect(poolOf(`server one ${text}`)?.origins).toEqual([
      { id: "one", url: "http://a.example.com", ...origin },
    ]);
  });

  it("take over what default-server says before them, and what no- takes away", () => {
    const { pool } = backend(`server a a.example.com:80
default-server weight 10 backup
server b b.example.com:80
server c c.example.com:80 weight 20 no-backup`);
    expect(pool?.algorithm).toBe("weighted_round_robin");
    expect(pool?.origins).toEqual([
      { id: "a", url: "http://a.example.com" },
      { id: "b", url: "http://b.example.com", weight: 10, backup: true },
      { id: "c", url: "http://c.example.com", weight: 20 },
    ]);
  });

  it.each([
    ["server a a.example.com:80 send-proxy", /^todo: .*the origin must not expect the PROXY protocol/m],
    ["server a a.example.com:443 ssl verify none", /^todo: .*an origin's certificate must be valid here/m],
    ["server a a.example.com:80 redir http://x", /^todo: .*clients were redirected to the server/m],
    ["server a a.example.com:80 maxconn 1", /^changed: .*do not wait in a queue/m],
    ["server a a.example.com", /^changed: .*names no port/m],
    [
      "server a a.example.com:80 backup\nserver b b.example.com:80 backup",
      /^changed: .*all backups share the requests/m,
    ],
    ["server-template a 3 a.example.com:80", /^changed: .*becomes one origin/m],
    ["server a unix@/x", /^todo: .*let it listen at a DNS name, and then --name unix@\/x=HOSTNAME/m],
    [
      "use-server a if TRUE\nserver a a.example.com:80",
      /^todo: .*a route names a pool, not one of its origins/m,
    ],
  ])("%s: says so", (lines, message) => {
    expect(backend(lines).said.join("\n")).toMatch(message);
  });

  it.each([
    ["server a a.example.com:80 slowstart 30s", { slow_start: 30 }],
    [
      "server a a.example.com:80 observe layer7 error-limit 4",
      { outlier_detection: { consecutive_failures: 4, failure_percent: 0 } },
    ],
  ])("%s", (line, expected) => {
    expect(poolOf(line)).toMatchObject(expected);
  });

  it("get the names of --name and stay as they are with --local", () => {
    const text = "defaults\n mode http\nbackend b\n server a 192.0.2.1:81\n server s /run/s";
    const names = new Map([
      ["192.0.2.1", "a.example.com"],
      ["/run/s", "s.example.com"],
    ]);
    const urls = (options: object) => importing(text, options).config.pools.b?.origins.map(({ url }) => url);
    expect(urls({ names })).toEqual(["http://a.example.com:81", "http://s.example.com"]);
    expect(urls({ local: true })).toEqual(["http://192.0.2.1:81", "http://socket.invalid"]);
    expect(urls({ names, scheme: "https" })?.[0]).toBe("https://a.example.com:81");
  });
});

describe("health checks", () => {
  const TIMES = { interval: 2, timeout: 2, healthy_threshold: 2, unhealthy_threshold: 3 };
  const ONE = "server a a.example.com:80 check";

  it.each<[lines: string, check: object | undefined]>([
    ["server a a.example.com:80", undefined],
    ["option httpchk\nserver a a.example.com:80", undefined],
    ["server a a.example.com:80 check disabled", undefined],
    [ONE, { type: "tcp", ...TIMES }],
    [
      `${ONE} inter 500 rise 5 fall 4 port 81`,
      { type: "tcp", interval: 0.5, timeout: 0.5, healthy_threshold: 5, unhealthy_threshold: 4, port: 81 },
    ],
    [`timeout check 900ms\n${ONE} inter 1m`, { type: "tcp", ...TIMES, interval: 60, timeout: 0.9 }],
    [`option httpchk\n${ONE}`, { method: "OPTIONS", expected_codes: "2xx,3xx", ...TIMES }],
    [`option httpchk /up\n${ONE}`, { method: "OPTIONS", path: "/up", expected_codes: "2xx,3xx", ...TIMES }],
    [`option httpchk GET /up\n${ONE}`, { path: "/up", expected_codes: "2xx,3xx", ...TIMES }],
    [
      `option httpchk HEAD /up HTTP/1.1\\r\\nHost:\\ up\\r\\nX-A:\\ b\n${ONE}`,
      { method: "HEAD", path: "/up", headers: { "x-a": "b" }, expected_codes: "2xx,3xx", ...TIMES },
    ],
    [
      `option httpchk\nhttp-check send meth GET uri /up ver HTTP/1.1 hdr Host up hdr X-A b\nhttp-check expect status 200,204\n${ONE}`,
      { path: "/up", headers: { "x-a": "b" }, expected_codes: "200,204", ...TIMES },
    ],
    [`option httpchk GET /\nhttp-check expect rstatus ^2\n${ONE}`, { expected_codes: "200-299", ...TIMES }],
    [`option httpchk GET /\nhttp-check expect ! rstatus ^5\n${ONE}`, { expected_codes: "100-499", ...TIMES }],
    [
      `option httpchk GET /\nhttp-check expect string OK\n${ONE}`,
      { expected_codes: "2xx,3xx", expected_body: "OK", ...TIMES },
    ],
    [`option httpchk GET /\nno option httpchk\n${ONE}`, { type: "tcp", ...TIMES }],
  ])("%s", (lines, check) => {
    expect(poolOf(lines)?.health_check).toEqual(check);
  });

  it.each([
    [`${ONE}\nserver b b.example.com:80`, /^changed: .*only some of its servers had check/m],
    [`${ONE} inter 1s\nserver b b.example.com:80 check`, /^changed: .*inter is the pool's/m],
    [`option mysql-check\n${ONE}`, /^todo: .*probes open a connection only here/m],
    [
      `option httpchk GET /\nhttp-check expect ! string no\n${ONE}`,
      /^todo: .*a health check here cannot ask for this/m,
    ],
    [
      `option httpchk GET /\nhttp-check expect rstring ^a+\n${ONE}`,
      /^todo: .*a health check here cannot ask for this/m,
    ],
    [`option httpchk PROPFIND /\n${ONE}`, /^todo: .*a probe here cannot ask so/m],
    [`option httpchk GET /\nhttp-check disable-on-404\n${ONE}`, /^changed: .*an answer 404 fails the check/m],
    [
      `option httpchk GET /\nhttp-check send hdr Host x\n${ONE}`,
      /^changed: .*probes name the origin's own host/m,
    ],
    [`${ONE} agent-check agent-port 1`, /^todo: .*no agent sets weights/m],
    [`${ONE} addr 192.0.2.1`, /^todo: .*addr 192.0.2.1: health goes by probes of the origin itself/m],
  ])("%s: says so", (lines, message) => {
    expect(backend(lines).said.join("\n")).toMatch(message);
  });
});

describe("retries", () => {
  it.each<[lines: string, failover: object]>([
    ["", { max_attempts: 4, retry_on: ["connect_failure"], attempt_timeout: 10, total_timeout: 40 }],
    ["retries 0", { max_attempts: 1, total_timeout: 10 }],
    ["retries 20", { max_attempts: 10, total_timeout: 100 }],
    ["retry-on none", { max_attempts: 1, retry_on: [] }],
    ["retry-on 503 response-timeout", { retry_on: [503, "timeout"], retry_non_idempotent: true }],
    [
      "retry-on all-retryable-errors\nhttp-request disable-l7-retry if METH_POST",
      { retry_on: ["connect_failure", "timeout", 500, 502, 503, 504] },
    ],
    ["timeout server 1500", { attempt_timeout: 1.5, total_timeout: 6 }],
    ["timeout server 1h", { attempt_timeout: 600, total_timeout: 600 }],
  ])("%s", (lines, failover) => {
    const found = poolOf(`${lines}\n${TWO}`)?.failover;
    expect(found).toMatchObject(failover);
    expect(found?.retry_non_idempotent === true).toBe("retry_non_idempotent" in failover);
  });

  it.each([
    ["", /a retry went to the same server; here it goes to another/],
    ["option redispatch", /a POST that failed to reach an origin is not sent again/],
    ["timeout connect 5s", /is for connecting and for the headers/],
    ["retry-on junk-response 0rtt-rejected odd", /odd has no counterpart/],
  ])("%j: says so", (lines, message) => {
    expect(backend(`${lines}\n${TWO}`).said.join("\n")).toMatch(message);
  });
});
