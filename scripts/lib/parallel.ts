/** Runs many tasks with a bound on how many run at once. @module */

/** A balancer's own connections to its pools are limited too. */
const AT_ONCE = 6;

/** The results of `work` for each item, in the order of the items. */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const worker = async () => {
    for (const [index, item] of rest) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
