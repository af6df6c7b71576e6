import fc from "fast-check";
import { expect, it } from "vitest";
import { prettyJson } from "../../../scripts/lib/pretty-json.ts";

it("puts what fits in a line, and opens the file, its pools and each pool", () => {
  const config = {
    routes: [{ host: "a.example.com", pool: "web" }, { pool: "web" }],
    pools: {
      web: {
        origins: [
          { id: "a", url: "https://a.example.com", weight: 10, max_connections: 100 },
          { id: "b", url: "https://b.example.com", weight: 20 },
        ],
        sticky: true,
        outlier_detection: {},
      },
    },
  };
  expect(prettyJson(config)).toBe(`{
  "routes": [{ "host": "a.example.com", "pool": "web" }, { "pool": "web" }],
  "pools": {
    "web": {
      "origins": [
        { "id": "a", "url": "https://a.example.com", "weight": 10, "max_connections": 100 },
        { "id": "b", "url": "https://b.example.com", "weight": 20 }
      ],
      "sticky": true,
      "outlier_detection": {}
    }
  }
}
`);
});

it("keeps every value (seed 5)", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      expect(JSON.parse(prettyJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
    { seed: 5 },
  );
});
