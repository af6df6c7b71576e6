import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageReader } from "../../../bench/lib/message-reader.ts";
import { SEED } from "../../support/random.ts";

function headsOf(pieces: readonly Buffer[]): string[] {
  const heads: string[] = [];
  const reader = new MessageReader((head) => heads.push(head.split("\r\n", 1).join()));
  for (const piece of pieces) reader.push(piece);
  return heads;
}

const PLAIN = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
const EMPTY = "HTTP/1.1 204 No Content\r\n\r\n";
const CHUNKED =
  "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n";
const TRICKY = "POST /x HTTP/1.1\r\ncontent-length: 8\r\n\r\n\r\n\r\n\r\n\r\n";
const ALL = [PLAIN, EMPTY, CHUNKED, TRICKY, PLAIN];
const FIRST_LINES = [
  "HTTP/1.1 200 OK",
  "HTTP/1.1 204 No Content",
  "HTTP/1.1 201 Created",
  "POST /x HTTP/1.1",
  "HTTP/1.1 200 OK",
];

describe("the bench's message reader", () => {
  it("finds each message, with a length, without a body and in chunks", () => {
    expect(headsOf([Buffer.from(ALL.join(""))])).toEqual(FIRST_LINES);
  });

  it("reports no message before its last byte has arrived", () => {
    for (const message of [PLAIN, CHUNKED, TRICKY]) {
      const bytes = Buffer.from(message);
      expect(headsOf([bytes.subarray(0, -1)])).toEqual([]);
      expect(headsOf([bytes.subarray(0, -1), bytes.subarray(-1)])).toHaveLength(1);
    }
  });

  it("finds the same however the bytes are cut", () => {
    const bytes = Buffer.from(ALL.join(""));
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const pieces = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        expect(headsOf(pieces)).toEqual(FIRST_LINES);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});
