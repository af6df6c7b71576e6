/**
 * Facts that the feed does not bring. They are asked for far less often than the feed asks, and rest when it rests.
 * @module
 */
import { feed } from "./feed.ts";

/**
 * Asks now, and then again while the feed goes on, once the last answer is there.
 * @param everyMs the least between two questions, in ms; it is asked for each time
 * @param ask must not reject
 * @param onAnswer is not called after the end
 * @returns what ends it
 */
export function askBesideFeed<T>(
  everyMs: () => number,
  ask: () => Promise<T>,
  onAnswer: (answer: T) => void,
): () => void {
  let isOver = false;
  let isAsking = false;
  let askedMs = 0;
  const update = async (): Promise<void> => {
    if (isAsking || Date.now() - askedMs < everyMs()) return;
    isAsking = true;
    askedMs = Date.now();
    const answer = await ask();
    isAsking = false;
    if (!isOver) onAnswer(answer);
  };
  void update();
  const stop = feed.watch(() => void update());
  return () => {
    isOver = true;
    stop();
  };
}
