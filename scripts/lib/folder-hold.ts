/**
 * Keeps a folder for one process. Two runtimes on the same state would each undo what the other writes.
 * @module
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** SQLite's code for a file that another process has locked. */
const SQLITE_BUSY = 5;

/**
 * Holds the folder at `path` until the returned function is called, or this process ends in whatever way: SQLite's lock is the
 * system's, so a process that was killed leaves nothing behind that would have to be told from a living one.
 * @param flag the option, for the error
 * @throws Error for the user: another process holds it, or nothing can be written there
 */
export function holdFolder(path: string, flag: string): () => void {
  let file: DatabaseSync | null = null;
  try {
    file = new DatabaseSync(join(path, "in-use.sqlite"), { timeout: 0 });
    file.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    file?.close();
    const { errcode, message } = error as Error & { errcode?: number };
    if (errcode !== SQLITE_BUSY)
      throw new Error(`${flag} ${path}: not a folder that can be written to (${message})`);
    throw new Error(`${flag} ${path}: another process uses this folder: stop it, or choose another folder`);
  }
  const held = file;
  return () => held.close();
}
