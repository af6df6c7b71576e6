import { describe, expect, it } from "vitest";
import {
  documentText,
  formErrors,
  partText,
  placeErrors,
} from "../../../src/admin/dashboard/lib/document.ts";

const TEXT = `{
  "origins": [
    { "id": "a", "url": "https://a" },
    { "id": "b", "wieght": 2 }
  ],
  "health_check": { "headers": { "x-y z": 1 } }
}`;

/** What of the text an error's place covers, and its line. */
function placed(path: string, base = "pools.web"): [string, number | null] {
  const [error] = placeErrors(TEXT, [{ path, message: "wrong" }], base);
  const { offset = null, length = 0, line = null } = error ?? {};
  return [offset === null ? "" : TEXT.slice(offset, offset + length), line];
}

describe("the place of an error", () => {
  it("is the key and the value that its path names", () => {
    expect(placed("pools.web.origins[1].wieght")).toEqual(['"wieght": 2', 4]);
    expect(placed('pools.web.health_check.headers["x-y z"]')).toEqual(['"x-y z": 1', 6]);
  });

  it("is the beginning of the object in which a field is missing", () => {
    expect(placed("pools.web.origins[1].url")).toEqual(["{", 4]);
    expect(placed("pools.web.failover.max_attempts")).toEqual(["{", 1]);
    expect(placed("pools.web")).toEqual(["{", 1]);
  });
});

describe("a text that is not JSON", () => {
  it("is reported with the place where it stops being JSON", () => {
    expect(formErrors('{\n  "a": 1\n  "b": 2\n}')).toMatchObject([
      { message: "not JSON: comma expected", line: 3 },
    ]);
    expect(formErrors("")).toHaveLength(1);
    expect(formErrors('{ "a": 1 } x')).toHaveLength(1);
    expect(formErrors('{ "a": 1,, }')).toHaveLength(1);
  });

  it("has no errors if it is JSON", () => {
    expect(formErrors(TEXT)).toEqual([]);
  });

  it("may have comments and trailing commas, like configuration files", () => {
    const text = '{ // why\n  "origins": [1, 2,], /* more */ "weight": 3,\n}';
    expect(formErrors(text)).toEqual([]);
    const [error] = placeErrors(text, [{ path: "pools.web.weight", message: "wrong" }], "pools.web");
    expect(error).toMatchObject({ line: 2 });
  });
});

describe("a key that stands twice in its object", () => {
  it("is reported where it stands again", () => {
    const text =
      '{ "weight": 1,\n  "a": { "weight": 1, "weight": 0 }, "list": [{ "x": 1 }, { "x": 1 }],\n  "weight": 2 }';
    const found = formErrors(text).map(({ message, offset, length, line }) => {
      return [message, text.slice((offset ?? 0) - 3, (offset ?? 0) + length + 3), line];
    });
    expect(found).toEqual([
      ['the key "weight" stands twice in this object', '1, "weight": 0', 2],
      ['the key "weight" stands twice in this object', '\n  "weight": 2', 3],
    ]);
  });
});

describe("the text of a document", () => {
  it("begins with the most important fields, and is the same document", () => {
    const document = { algorithm: "random", origins: [{ enabled: true, id: "a", url: "https://a" }] };
    const text = documentText(document);
    expect(JSON.parse(text)).toEqual(document);
    expect(partText({ path: "/x", fallback_pool: "b", pool: "a" })).toBe(
      partText({ fallback_pool: "b", pool: "a", path: "/x" }),
    );
    expect(text.match(/"\w+":/g)).toEqual(['"algorithm":', '"origins":', '"id":', '"url":', '"enabled":']);
  });
});
