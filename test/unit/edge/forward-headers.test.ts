import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ClientFacts, forwardHeaders, sendsIdempotencyKey } from "../../../src/edge/forward/headers.ts";
import { SeenHeaders } from "../../../src/edge/model/seen-headers.ts";

const CLIENT: ClientFacts = { clientIp: "203.0.113.7", scheme: "https", host: "shop.example", id: "id-1" };
const SET = {
  "x-forwarded-for": "203.0.113.7",
  "x-forwarded-host": "shop.example",
  "x-forwarded-proto": "https",
  "x-lb-via": "lb-1",
  "x-real-ip": "203.0.113.7",
  "x-request-id": "id-1",
};

/** What an origin gets of these. */
function forwarded(headers: Record<string, string>, client = CLIENT): Record<string, string> {
  const sent = new Headers(headers);
  forwardHeaders(sent, client, "lb-1", new SeenHeaders(sent).names);
  return Object.fromEntries(sent);
}

describe("the headers of an attempt", () => {
  it("name the client's real address, whatever the client claims", () => {
    const claims = ["X-Real-IP", "True-Client-IP", "X-Client-IP", "Forwarded", "X-Forwarded-For"];
    const more = [
      "X-Forwarded-Prefix",
      "X-Forwarded-User",
      "X-Forwarded",
      "Client-IP",
      "X-Cluster-Client-IP",
    ];
    const all = Object.fromEntries([...claims, ...more].map((name) => [name, "6.6.6.6"]));
    expect(forwarded({ ...all, "X-Own": "kept" })).toEqual({ ...SET, "x-own": "kept" });
  });

  it("name no address if none is trusted", () => {
    const sent = forwarded(
      { "x-real-ip": "6.6.6.6", "x-forwarded-for": "6.6.6.6" },
      { ...CLIENT, clientIp: "" },
    );
    const { "x-real-ip": _, "x-forwarded-for": __, ...rest } = SET;
    expect(sent).toEqual(rest);
  });

  it("name all balancers on the way", () => {
    expect(forwarded({ "x-lb-via": "first" })["x-lb-via"]).toBe("first, lb-1");
  });

  it("keep only an upgrade to WebSocket", () => {
    expect(forwarded({ upgrade: "WebSocket" }).upgrade).toBe("WebSocket");
    expect(forwarded({ upgrade: "h2c" }).upgrade).toBeUndefined();
  });

  it("do not include an expectation, which has been met", () => {
    expect(forwarded({ expect: "100-continue" })).toEqual(SET);
  });

  it("do not include headers that Connection names, except those that frame the message", () => {
    const sent = forwarded({ connection: "close, X-Hop, cookie, @", "x-hop": "1", cookie: "a=1", te: "x" });
    expect(sent).toEqual({ ...SET, cookie: "a=1" });
  });

  const names = fc.constantFrom(
    ...Object.keys(SET),
    ...["connection", "keep-alive", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"],
    ...["forwarded", "true-client-ip", "x-client-ip", "x-forwarded-port", "x-forwarded-anything-else"],
    ...["cf-connecting-ip", "cf-connecting-ipv6", "cf-pseudo-ipv4"],
  );
  /** The same name as a gateway program may read it, in any case. */
  const spelled = fc
    .tuple(names, fc.array(fc.constantFrom("-", "_", "."), { minLength: 4, maxLength: 4 }), fc.boolean())
    .map(([name, marks, upper]) => {
      let next = 0;
      const written = name.replaceAll("-", () => marks[next++ % marks.length] ?? "-");
      return upper ? written.toUpperCase() : written;
    });
  const others = fc.constantFrom(
    "tea",
    "x-forwardedfor",
    "my-x-real-ip",
    "x-real-ip2",
    "x_own",
    "retrailer",
    "cf-ray",
  );

  it("have no other spelling of a name that is set or dropped here, and lose no other header", () => {
    const headers = fc.tuple(fc.array(spelled, { maxLength: 8 }), fc.uniqueArray(others));
    fc.assert(
      fc.property(headers, ([claimed, kept]) => {
        const given = [...claimed, ...kept].map((name) => [name, "lie"]);
        const { "x-lb-via": via, ...sent } = forwarded(Object.fromEntries(given));
        expect(via?.split(", ").at(-1)).toBe("lb-1");
        const { "x-lb-via": _, ...set } = SET;
        expect(sent).toEqual({ ...set, ...Object.fromEntries(kept.map((name) => [name, "lie"])) });
      }),
      { seed: 20_261_130, numRuns: 3_000 },
    );
  });
});

describe("an Idempotency-Key", () => {
  it.each<[headers: Record<string, string>, counts: boolean]>([
    [{}, false],
    [{ "idempotency-key": "k1" }, true],
    [{ "idempotency-key": '"8e03978e"' }, true],
    [{ "idempotency-key": "" }, false],
    [{ "idempotency-key": " " }, false],
    // Two empty ones, and an empty string as the draft standard writes it.
    [{ "idempotency-key": ", " }, false],
    [{ "idempotency-key": '""' }, false],
    [{ "idempotency-key": "k1", connection: "close" }, true],
    [{ "idempotency-key": "k1", connection: "close, Idempotency-Key" }, false],
  ])("%j counts: %s", (headers, counts) => {
    expect(sendsIdempotencyKey(new Headers(headers))).toBe(counts);
  });
});
