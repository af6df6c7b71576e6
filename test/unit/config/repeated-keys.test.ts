import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readText } from "../../../src/config/canonical.ts";
import { repeatedKeyErrors, repeatedKeys } from "../../../src/config/repeated-keys.ts";

describe("keys that stand twice in one object", () => {
  it.each([
    ['{ "a": 1, "a": 2 }', ['line 1, column 11: the key "a" stands twice in this object']],
    ['{ "a": { "a": 1 }, "b": [{ "a": 1 }, { "a": 1 }], "c": ["a", "a", "c"] }', []],
    [
      '{ "a": "a", // "a": 1\n /* "a": 2 */ "\\u0061": [1, 2,], }',
      ['line 2, column 15: the key "a" stands twice in this object'],
    ],
    [
      '{ "b": [{}, {"x": 1,\n "x": 1}], "b": "{\\"b\\":1,\\"b\\":2}" }',
      [
        'line 2, column 2: the key "x" stands twice in this object',
        'line 2, column 12: the key "b" stands twice in this object',
      ],
    ],
    [
      '{ "__proto__": 1, "__proto__": 2 }',
      ['line 1, column 19: the key "__proto__" stands twice in this object'],
    ],
  ])("of %s", (text, errors) => {
    expect(repeatedKeyErrors(text)).toEqual(errors);
    expect(readText(text)).toMatchObject(
      errors.length === 0 ? { ok: true } : { ok: false, reason: errors.join("\n") },
    );
  });

  it("are none in what JSON.stringify makes, and one where a key is added again, with its value's depth", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (value) => {
        const text = JSON.stringify(value);
        expect(repeatedKeys(text)).toEqual([]);
        const [key = ""] = Object.keys(value);
        expect(repeatedKeys(`${text.slice(0, -1)},${JSON.stringify(key)}:0}`)).toHaveLength(1);
      }),
      { seed: 20261201 },
    );
  });

  it("may be whole headers with their values, which are not shown", () => {
    const [error] = repeatedKeyErrors(
      '{ "Authorization: Bearer s3cret": 1, "Authorization: Bearer s3cret": 2 }',
    );
    expect(error).toBe('line 1, column 38: the key "***" stands twice in this object');
  });
});
