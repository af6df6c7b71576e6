/**
 * What becomes of standard output: its reader may go (`| head`), and its disk may be full.
 * @module
 */
import { systemMessage } from "../config-file.ts";

const gone = new AbortController();

/** Aborted once nothing more can be printed, so that what prints until Ctrl-C ends then as well. */
export const OUTPUT_GONE: AbortSignal = gone.signal;

/**
 * Keeps a program going whose output fails: what it writes elsewhere must not be left half written.
 * @param onLost called once, if output is lost that somebody wanted; not for a reader that has seen enough
 */
export function watchOutput(onLost: (reason: string) => void): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (OUTPUT_GONE.aborted) return;
    gone.abort();
    if (error.code !== "EPIPE") onLost(systemMessage(error));
  });
}
