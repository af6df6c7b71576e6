import { afterEach, beforeEach, expect, test, vi } from "vitest";

const EVERY_MS = 5_000;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  // The feed knows the page that it is on, which no browser shows here.
  vi.stubGlobal("location", new URL("https://lb.example.com/_lb/"));
  vi.stubGlobal("addEventListener", () => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Each ask waits for its answer. */
async function begun() {
  const { askBesideFeed } = await import("../../../src/admin/dashboard/lib/beside-feed.ts");
  const { feed } = await import("../../../src/admin/dashboard/lib/feed.ts");
  const asked: ((answer: string) => void)[] = [];
  const answers: string[] = [];
  const end = askBesideFeed(
    () => EVERY_MS,
    () => new Promise<string>((resolve) => void asked.push(resolve)),
    (answer) => void answers.push(answer),
  );
  /** The feed goes on after so many ms. */
  const tick = (ms: number): void => {
    vi.advanceTimersByTime(ms);
    feed.set({ ...feed.value });
  };
  const answer = async (index: number, text: string): Promise<void> => {
    asked[index]?.(text);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { asked, answers, tick, answer, end };
}

test("facts are asked for at once, and again when the feed goes on and it is time", async () => {
  const { asked, answers, tick, answer } = await begun();
  await answer(0, "first");
  tick(EVERY_MS - 1);
  expect([asked.length, answers]).toEqual([1, ["first"]]);
  tick(1);
  await answer(1, "second");
  expect([asked.length, answers]).toEqual([2, ["first", "second"]]);
});

test("facts that are long in coming are not asked for again before, so that no older answer comes after a newer", async () => {
  const { asked, answers, tick, answer } = await begun();
  tick(EVERY_MS);
  tick(EVERY_MS);
  expect(asked.length).toBe(1);
  await answer(0, "late");
  tick(0);
  expect([asked.length, answers]).toEqual([2, ["late"]]);
});

test("facts that come after the end are not told, and no others are asked for", async () => {
  const { asked, answers, tick, answer, end } = await begun();
  end();
  await answer(0, "late");
  tick(EVERY_MS);
  expect([asked.length, answers]).toEqual([1, []]);
});
