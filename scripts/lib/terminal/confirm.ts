/** Asks the user at a terminal to confirm. @module */
import { createInterface } from "node:readline/promises";

/** True if there is a user to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/**
 * Asks on standard error. Anything but yes means no, Ctrl-C and Ctrl-D too.
 * @param question such as `Really remove it?`
 * @param nothing printed after a no, such as `nothing written`
 */
export async function confirm(question: string, nothing: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => lines.once("close", () => resolve("\n")));
  const answer = await Promise.race([lines.question(`${question} [y/N] `), closed]);
  lines.close();
  if (/^y(es)?$/i.test(answer.trim())) return true;
  console.error(`${answer === "\n" ? "\n" : ""}${nothing}`);
  return false;
}
