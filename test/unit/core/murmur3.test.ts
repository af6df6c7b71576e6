import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { murmur3 } from "../../../src/core/hash/murmur3.ts";
import { chiSquare, chiSquareLimit, SEED } from "../../support/random.ts";

/** MurmurHash3_x86_32 over bytes, written down from Austin Appleby's MurmurHash3.cpp, to compare with. */
function reference(bytes: Uint8Array, seed: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rotate = (x: number, r: number) => (x << r) | (x >>> (32 - r));
  const mix = (k: number) => Math.imul(rotate(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593);
  const blocks = bytes.length >> 2;
  let h = seed | 0;
  for (let i = 0; i < blocks; i++) {
    h = (Math.imul(rotate(h ^ mix(view.getInt32(i * 4, true)), 13), 5) + 0xe6546b64) | 0;
  }
  let k = 0;
  for (let i = bytes.length - 1; i >= blocks * 4; i--) k = (k << 8) | (bytes[i] ?? 0);
  h ^= mix(k) ^ bytes.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

describe("murmur3", () => {
  // Published: Wikipedia "MurmurHash", test cases; Ian Boyd, stackoverflow.com/a/31929528.
  it.each([
    ["", 0, 0],
    ["", 1, 0x514e28b7],
    ["", 0xffffffff, 0x81f16f39],
    ["test", 0, 0xba6bd213],
    ["test", 0x9747b28c, 0x704b81dc],
    ["Hello, world!", 0, 0xc0363e43],
    ["Hello, world!", 0x9747b28c, 0x24884cba],
    ["The quick brown fox jumps over the lazy dog", 0, 0x2e4ff723],
    ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
    ["aaaa", 0x9747b28c, 0x5a97808a],
    ["aaa", 0x9747b28c, 0x283e0130],
    ["aa", 0x9747b28c, 0x5d211726],
    ["a", 0x9747b28c, 0x7fa09ea6],
    ["abcd", 0x9747b28c, 0xf0478627],
    ["abc", 0x9747b28c, 0xc84a62dd],
    ["ππππππππ", 0x9747b28c, 0xd58063c1],
  ])("hashes %j with seed %i as published", (text, seed, hash) => {
    expect(murmur3(text, seed)).toBe(hash);
  });

  it("hashes the UTF-8 bytes of any well-formed text", () => {
    const text = fc.string({ unit: "binary", maxLength: 40 });
    fc.assert(
      fc.property(text, fc.nat(0xffffffff), (value, seed) => {
        expect(murmur3(value, seed)).toBe(reference(Buffer.from(value, "utf8"), seed));
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  it.each(["é", "€", "😀", "a😀b", "\u0000", "\u007f\u0080", "\u07ff\u0800", "\uffff\u{10000}"])(
    "hashes %j as its bytes",
    (text) => {
      expect(murmur3(text)).toBe(reference(Buffer.from(text, "utf8"), 0));
    },
  );

  it("tells lone surrogates apart, though they have no bytes", () => {
    expect(murmur3("\ud800")).not.toBe(murmur3("\udc00"));
    expect(murmur3("\ud800")).not.toBe(murmur3("\ufffd"));
  });

  it("spreads numbered keys evenly over 1,024 stretches of its range", () => {
    const counts = new Array<number>(1_024).fill(0);
    for (let i = 0; i < 102_400; i++) {
      const bucket = murmur3(`key:${i}`) >>> 22;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    const statistic = chiSquare(counts, new Array<number>(1_024).fill(100));
    expect(statistic).toBeLessThan(chiSquareLimit(1_023));
  });

  it("spreads the seeds 0 to 102,399 of one name as evenly", () => {
    const counts = new Array<number>(1_024).fill(0);
    for (let seed = 0; seed < 102_400; seed++) {
      const bucket = murmur3("origin-a", seed) >>> 22;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    const statistic = chiSquare(counts, new Array<number>(1_024).fill(100));
    expect(statistic).toBeLessThan(chiSquareLimit(1_023));
  });
});
