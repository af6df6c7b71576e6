/**
 * Generates requests like those of clients, scanners and broken programs, byte for byte, from a seed.
 * @module
 */
import fc from "fast-check";

/** One request. A byte is a character. */
export interface OddRequest {
  /** Request line and headers. */
  readonly head: string;
  readonly body: string;
  /** The body is shorter than the head announces, so the rest never comes. */
  readonly breaksOff: boolean;
}

const pick = <T>(...values: T[]) => fc.constantFrom(...values);
/** One of the words of `text`. */
const words = (text: string) => pick(...text.split(" "));
/** Now and then the second kind. What the runtime refuses must be seldom: else hardly a request gets further. */
const rarely = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, oneIn = 5) =>
  fc.oneof({ arbitrary: usual, weight: oneIn - 1 }, { arbitrary: odd, weight: 1 });

/** Without CONNECT, which no Worker gets to see: the runtime answers it with 500. */
const method = rarely(
  pick("GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
  words("TRACE PROPFIND PURGE LOCK M-SEARCH QUERY get Post FOO G@T"),
  20,
);

const pathPiece = rarely(
  words("/ / // \\ . .. %2e %2E%2e a %00 %ff % %zz ;x=1 ~ {} ^ | ' %2f..%2f _lb :8080 @ #frag index.php"),
  pick("b c", "`", "<", "\u00e9", "\u00c3\u00a9", "\u0001"),
  60,
);
const path = fc.array(pathPiece, { maxLength: 8 }).map((pieces) => `/x${pieces.join("")}`);
const queryPiece = rarely(words("? & = a .. / ' %27 % + [] # \\"), pick(" ", '"', "\u00e9"), 60);
const query = fc
  .array(queryPiece, { maxLength: 8 })
  .map((pieces) => (pieces.length === 0 ? "" : `?${pieces.join("")}`));
const length = pick(1_000, 8_000, 16_000, 20_000);
const target = fc.oneof(
  { arbitrary: fc.tuple(path, query).map((parts) => parts.join("")), weight: 12 },
  {
    arbitrary: fc
      .tuple(pick("http://h.test", "https://u:p@h", "ftp://x", "HTTP://[::1]"), path)
      .map((parts) => parts.join("")),
    weight: 2,
  },
  { arbitrary: pick("*", "", "x", "?q", "h.test:443", "http://h.test", "//evil.test/x", "/"), weight: 1 },
  { arbitrary: length.map((count) => `/${"long/".repeat(count / 5)}`), weight: 1 },
);

/** Visible ASCII, UTF-8 and Latin-1 bytes; now and then what no value may hold. */
const byte = rarely(
  pick("a", "b", "1", " ", ",", ";", "=", '"', "\\", "/", "\t", "\u00c3\u00a9", "\u00e9", "\u00ff", "\u0080"),
  pick("\u0000", "\u0007", "\u007f", "\r", "\u001b"),
  100,
);
const value = fc.array(byte, { maxLength: 12 }).map((bytes) => bytes.join(""));
const name = rarely(
  fc
    .array(pick("x", "a", "-", "_", ".", "1", "!", "~", "|"), { minLength: 1, maxLength: 10 })
    .map((each) => each.join("")),
  pick("", "x y", "x:y", "\u00e9", "x\u0000", "(x)", "X-Long".repeat(200)),
  40,
);

/** Headers that something on the way goes by, with values that make sense and values that make none. */
const known = fc.tuple(
  pick(
    ...[
      "X-Forwarded-For",
      "X_Forwarded_For",
      "X-Real-IP",
      "CF-Connecting-IP",
      "Forwarded",
      "X-Request-Id",
      "X-LB-Via",
    ],
    ...[
      "Range",
      "If-None-Match",
      "If-Range",
      "Expect",
      "TE",
      "Trailer",
      "Keep-Alive",
      "Proxy-Authorization",
      "Via",
    ],
    ...[
      "Accept-Encoding",
      "Content-Encoding",
      "Content-Type",
      "Idempotency-Key",
      "Authorization",
      "Cache-Control",
    ],
    ...[
      "Max-Forwards",
      "CDN-Loop",
      "X-HTTP-Method-Override",
      "Date",
      "Origin",
      "Referer",
      "User-Agent",
      "HTTP2-Settings",
    ],
  ),
  fc.oneof(
    value,
    pick("", "gzip", "br;q=1, *;q=0", "bytes=0-", "100-continue", "trailers", "1", "192.0.2.1, ::1", "*"),
  ),
);
const cookie = fc
  .array(
    pick(
      "a=1",
      "__lb=x",
      "__lb=AAAAAAAAAAAAAAAAAAAAAA.t1",
      "b=x, y",
      'j={"k":1, "l":2}',
      "=",
      ";",
      "; ",
      "c",
      "__lb",
      "\u00e9=\u00e9",
    ),
    { maxLength: 5 },
  )
  .map((parts): [string, string] => ["Cookie", parts.join("; ")]);
const option = pick(
  "close",
  "keep-alive",
  "upgrade",
  "te",
  "host",
  "cookie",
  "content-length",
  "x-request-id",
  "idempotency-key",
  "",
  "@",
  "x-a",
);
const connection = fc
  .array(option, { maxLength: 4 })
  .map((options): [string, string] => ["Connection", options.join(", ")]);
const upgrade = fc
  .record({
    to: pick("websocket", "WebSocket", "h2c", "TLS/1.0", "websocket, h2c", ""),
    key: pick(null, "", "dGhlIHNhbXBsZSBub25jZQ==", "short", "\u00e9"),
    version: pick(null, "13", "13", "12", "8, 13", ""),
  })
  .map(({ to, key, version }) => {
    const lines: [string, string][] = [
      ["Upgrade", to],
      ["Connection", "Upgrade"],
    ];
    if (key !== null) lines.push(["Sec-WebSocket-Key", key]);
    if (version !== null) lines.push(["Sec-WebSocket-Version", version]);
    return lines;
  });

const headers = fc
  .record({
    some: fc.array(fc.tuple(name, value), { maxLength: 3 }),
    known: fc.array(known, { maxLength: 3 }),
    cookies: fc.array(cookie, { maxLength: 3 }),
    connections: fc.array(connection, { maxLength: 1 }),
    upgrade: rarely(fc.constant<[string, string][]>([]), upgrade),
    host: rarely(
      pick("h.test"),
      pick("h.test:99999", "a/b", "h?x", "h h", "u:p@h", "[::1]:80", "h, i", "..", ""),
    ),
    hosts: rarely(fc.constant(1), pick(0, 2), 20),
  })
  .map(({ some, known: more, cookies, connections, upgrade: wanted, host, hosts }) => [
    ...Array.from({ length: hosts }, (): [string, string] => ["Host", host]),
    ...[...some, ...more, ...cookies, ...connections, ...wanted],
  ]);

interface Body {
  readonly lines: [string, string][];
  readonly text: string;
  readonly breaksOff: boolean;
}

const bodyOf = (text: string, breaksOff: boolean, ...lines: [string, string][]): Body => ({
  lines,
  text,
  breaksOff,
});
const [CHUNKED, LENGTH] = ["Transfer-Encoding", "Content-Length"];
const body: fc.Arbitrary<Body> = fc.oneof(
  { arbitrary: fc.constant(bodyOf("", false)), weight: 20 },
  { arbitrary: fc.constant(bodyOf("", false, [LENGTH, "0"])), weight: 5 },
  {
    arbitrary: pick(1, 10, 1_000, 65_536, 65_537, 100_000).map((size) =>
      bodyOf("z".repeat(size), false, [LENGTH, String(size)]),
    ),
    weight: 8,
  },
  {
    arbitrary: pick("0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "3;x=y\r\nabc\r\n0\r\nX-T: 1\r\n\r\n").map((text) =>
      bodyOf(text, false, [CHUNKED, "chunked"]),
    ),
    weight: 6,
  },
  {
    arbitrary: pick(
      bodyOf("abc", true, [LENGTH, "100"]),
      bodyOf("", true, [LENGTH, "5"]),
      bodyOf("5\r\nab", true, [CHUNKED, "chunked"]),
      bodyOf("zz\r\nab", true, [CHUNKED, "chunked"]),
      bodyOf("", true, [CHUNKED, "chunked"]),
      bodyOf("abc", true, [CHUNKED, "gzip, chunked"]),
      bodyOf("abc", true, [CHUNKED, "identity"]),
      bodyOf("abc", true, [LENGTH, "3"], [LENGTH, "5"]),
      bodyOf("abc", true, [LENGTH, "3"], [CHUNKED, "chunked"]),
      bodyOf("abc", true, [LENGTH, "-3"]),
      bodyOf("abc", true, [LENGTH, "3x"]),
      bodyOf("abc", true, [LENGTH, "99999999999999999999"]),
    ),
    weight: 2,
  },
);

const version = rarely(pick("HTTP/1.1"), words("HTTP/1.0 HTTP/2.0 http/1.1"), 20);

const request: fc.Arbitrary<OddRequest> = fc
  .tuple(method, target, version, headers, body)
  .map(([verb, where, spoken, lines, { lines: framing, text, breaksOff }]) => {
    const all = [...lines, ...framing].map(([each, what]) => `${each}: ${what}\r\n`).join("");
    return { head: `${verb} ${where} ${spoken}\r\n${all}\r\n`, body: text, breaksOff };
  });

export function oddRequests(count: number, seed: number): OddRequest[] {
  return fc.sample(request, { numRuns: count, seed });
}
