/**
 * Makes the folder that an option names, or says why that cannot be.
 * @module
 */
import { access, constants, mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** @param flag the option, for the error @throws Error for the user: the folder cannot be made, or not be written to */
export async function makeWritableFolder(path: string, flag: string): Promise<void> {
  try {
    await makeFolder(resolve(path));
    await access(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(
      `${flag} ${path}: not a folder that can be made or written to (${code ?? String(error)})`,
    );
  }
}

/** As `mkdir` with `recursive`, which never ends where a folder is there and none can be made in it, such as `/proc`. */
async function makeFolder(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = dirname(path);
    if (code !== "ENOENT" || parent === path) throw error;
    await makeFolder(parent);
    await makeOne(path);
  }
}

/** One that is there already, because another process has made it at the same time, is as good. */
async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
  }
}
