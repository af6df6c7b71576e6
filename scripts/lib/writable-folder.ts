/**
 * Makes the folder that an option names, or says why that cannot be.
 * @module
 */
import { access, constants, mkdir, readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/**
 * @param flag the option, for the error
 * @throws Error for the user: the folder cannot be made, or it or something in it cannot be written to
 */
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
  await refuseUnwritable(path, flag);
}

/** A runtime whose files belong to another user would start, and lose what it is to keep. */
async function refuseUnwritable(folder: string, flag: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const wanted = constants.R_OK | constants.W_OK | (entry.isDirectory() ? constants.X_OK : 0);
    await access(path, wanted).catch(({ code }: NodeJS.ErrnoException) => {
      // It may be a file that another process has just taken away, which holds the folder.
      if (code !== "ENOENT") throw new Error(`${flag} ${folder}: ${path} cannot be written to (${code})`);
    });
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
