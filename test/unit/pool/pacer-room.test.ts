/** When the object's pace has room for calls that no request needs. */
import { describe, expect, it } from "vitest";
import { Pacer } from "../../../src/pool/leases/pacer.ts";
import { MemoryMetadata } from "../../support/memory-metadata.ts";

const START_MS = 1_800_000_000_000;
const ISOLATES = { awaited: 10 };

describe("the pace", () => {
  it("has room from the start on in a pool without rate limits", () => {
    expect(new Pacer(new MemoryMetadata(), START_MS).hasRoom(START_MS)).toBe(true);
  });

  it("has none in the first five seconds of a pool with rate limits, when all may ask for tokens", () => {
    const pacer = new Pacer(new MemoryMetadata(), START_MS);
    pacer.reservesTokenCalls = true;
    expect([4_999, 5_000].map((ms) => pacer.hasRoom(START_MS + ms))).toEqual([false, true]);
  });

  it("has none while more tokens are asked for than there is always room for", () => {
    const pacer = new Pacer(new MemoryMetadata(), START_MS);
    pacer.reservesTokenCalls = true;
    let nowMs = START_MS + 10_000;
    for (let call = 0; call < 250; call++) pacer.nextTokenSlot(ISOLATES, nowMs);
    expect(pacer.hasRoom(nowMs), "50 a second").toBe(true);
    pacer.nextTokenSlot(ISOLATES, nowMs);
    expect(pacer.hasRoom(nowMs)).toBe(false);
    nowMs += 5_001;
    expect(pacer.hasRoom(nowMs)).toBe(true);
  });
});
