/**
 * Finds out which secrets the Worker has. Their values cannot be read back, so a secret that is not certainly missing
 * must not be made anew: another AFFINITY_SECRET ends every session.
 * @module
 */
import { Failure } from "../failure.ts";
import { WranglerError } from "../wrangler.ts";

/** Options of `wrangler deploy` that select the Worker, and that `wrangler secret list` has too. */
const TARGETS: ReadonlySet<string> = new Set(["--env", "-e", "--name", "--config", "-c"]);

/**
 * Names of the secrets that the Worker has; none if there is no such Worker yet.
 * @param more further arguments of `wrangler deploy`
 * @throws Failure if it cannot be found out
 */
export async function existingSecrets(
  wrangler: (args: readonly string[]) => Promise<string>,
  more: readonly string[],
): Promise<ReadonlySet<string>> {
  try {
    return namesIn(await wrangler(["secret", "list", ...targetOf(more)]));
  } catch (error) {
    if (!(error instanceof WranglerError)) throw error;
    if (isNoSuchWorker(error.message)) return new Set();
    throw new Failure(`the Worker's secrets cannot be listed; nothing was deployed:\n${error.message}`);
  }
}

/**
 * Cloudflare's code 10007: there is no Worker of this name. Wrangler shows it with its code or, in later
 * versions, as a sentence of its own. Anything else that was "not found" says nothing about the Worker.
 */
function isNoSuchWorker(message: string): boolean {
  return (
    /\[code: 10007\]/.test(message) ||
    /^\S+ \[ERROR\] Worker "[^"]+"(?: \(env: [^)]+\))? not found\.$/m.test(message)
  );
}

function namesIn(output: string): ReadonlySet<string> {
  try {
    const listed = JSON.parse(output) as { name: string }[];
    return new Set(listed.map(({ name }) => name));
  } catch {
    throw new Failure("wrangler lists the Worker's secrets in an unknown form; nothing was deployed");
  }
}

function targetOf(more: readonly string[]): string[] {
  return more.flatMap((arg, index) => {
    if (TARGETS.has(arg)) return more.slice(index, index + 2);
    return TARGETS.has(arg.split("=")[0] ?? "") ? [arg] : [];
  });
}
