/**
 * A call over the network: there and back. What is lost on the way is not heard of again.
 * @module
 */
import type { EventQueue } from "./event-queue.ts";
import type { Network } from "./network.ts";

export interface Crossing<T> {
  readonly from: number;
  readonly to: number;
  /** The call has arrived. Later one of the two callbacks gets its result. */
  readonly arrive: (answered: (value: T) => void, failed: (error: Error) => void) => void;
  /** Calls `act` after so many ms, if whoever called is still there. */
  readonly later: (delayMs: number, act: () => void) => void;
}

export function cross<T>(
  { queue, network }: { readonly queue: EventQueue; readonly network: Network },
  { from, to, arrive, later }: Crossing<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const back = (act: () => void): void => {
      if (!network.loses()) later(network.delayMs(from, to), act);
    };
    if (network.loses()) return;
    queue.in(network.delayMs(from, to), () =>
      arrive(
        (value) => back(() => resolve(value)),
        (error) => back(() => reject(error)),
      ),
    );
  });
}
