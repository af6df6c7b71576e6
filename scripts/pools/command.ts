/**
 * What a command of `npm run pools` is made of.
 * @module
 */

/** The exit codes of all commands. */
export const EXIT = {
  /** Done, or the answer is yes. */
  ok: 0,
  /** The answer is no: it differs, nothing would serve the request, the origin is not empty yet. */
  no: 1,
  /** Wrong usage, a configuration with errors, or a question that was not answered with yes. Nothing was changed. */
  refused: 2,
  /** It could not be done: nothing answers there, the token is not accepted, somebody else wrote meanwhile. */
  failed: 3,
  /** Ctrl-C, as with any program: 128 and SIGINT. */
  interrupted: 130,
} as const;

export interface Command {
  /** Of the arguments after `npm run pools --`. */
  readonly usage: string;
  /** One line for the list of commands. */
  readonly does: string;
  /** Lines about its options. */
  readonly options?: string;
  /**
   * Runs on the arguments after the command's name.
   * @returns the exit code
   * @throws UsageError, Failure; what `parseArgs` throws counts as wrong usage
   */
  run(args: string[]): Promise<number>;
}
