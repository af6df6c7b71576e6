import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonSplitter } from "../../../scripts/lib/json-splitter.ts";
import { entriesOf, entryLine, isWanted } from "../../../scripts/lib/log-lines.ts";
import { PLAIN } from "../../support/plain-paint.ts";

const SEED = 20_261_130;

const REQUEST = {
  time: "2026-11-30T05:30:01.250Z",
  request_id: "79ae0916",
  method: "GET",
  path: "/cart",
  pool: "web",
  origin: "b",
  status: 503,
  duration_ms: 12,
  attempts: 2,
  why: "failover",
};

describe("JSON objects cut out of a stream", () => {
  test(`come out whole, however they are indented and cut into pieces (seed ${SEED})`, () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(fc.array(object), fc.boolean(), fc.array(fc.nat(7)), (objects, indented, cuts) => {
        const text = objects.map((each) => JSON.stringify(each, null, indented ? 2 : 0)).join("\nnoise ]\n");
        const splitter = new JsonSplitter();
        const found: unknown[] = [];
        let at = 0;
        for (const cut of cuts) {
          found.push(...splitter.push(text.slice(at, at + cut)));
          at += cut;
        }
        found.push(...splitter.push(text.slice(at)));
        expect(found).toEqual(JSON.parse(JSON.stringify(objects)));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test("what is no JSON is dropped, and what follows it is not", () => {
    expect(new JsonSplitter().push('{nonsense} {"a":1}')).toEqual([{ a: 1 }]);
  });
});

describe("log lines", () => {
  test("come out of what wrangler tells of an invocation, exceptions too", () => {
    const invocation = {
      outcome: "exception",
      logs: [{ level: "log", timestamp: 1, message: [JSON.stringify(REQUEST)] }, { message: ["no JSON"] }],
      exceptions: [{ name: "Error", message: "broken", timestamp: 2 }],
    };
    expect(entriesOf(invocation)).toEqual([REQUEST, { event: "exception", error: "Error: broken" }]);
    expect(entriesOf(REQUEST)).toEqual([REQUEST]);
  });

  test("read as a line", () => {
    expect(entryLine(REQUEST, PLAIN)).toBe(
      "05:30:01.250  503  GET /cart  web/b  failover  12ms, 2 attempts  79ae0916",
    );
    const steered = { ...REQUEST, arrival: "unavailable", steered_from: "api" };
    expect(entryLine(steered, PLAIN)).toBe(
      "05:30:01.250  503  GET /cart  web/b (unavailable, not api)  failover  12ms, 2 attempts  79ae0916",
    );
    expect(entryLine({ ...steered, arrival: "first", steered_from: null }, PLAIN)).toContain(
      "web/b (first)  ",
    );
    expect(entryLine({ event: "internal_error", error: "x" }, PLAIN)).toBe(
      '--:--:--  internal_error  {"error":"x"}',
    );
    expect(entryLine({ something: "else" }, PLAIN)).toBeNull();
  });

  test.each([
    [{}, true],
    [{ status: "503" }, true],
    [{ status: "5XX" }, true],
    [{ status: "4xx" }, false],
    [{ pool: "web", origin: "b", why: "failover", path: "/ca" }, true],
    [{ pool: "api" }, false],
    [{ origin: "a" }, false],
    [{ path: "/x" }, false],
    [{ why: "affinity" }, false],
  ])("are wanted by %j: %j", (filter, wanted) => {
    expect(isWanted(REQUEST, filter)).toBe(wanted);
    expect(isWanted({ event: "internal_error" }, filter)).toBe(Object.keys(filter).length === 0);
  });
});
