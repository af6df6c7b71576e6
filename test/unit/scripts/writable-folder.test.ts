/** The folder that an option names. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { holdFolder } from "../../../scripts/lib/folder-hold.ts";
import { makeWritableFolder } from "../../../scripts/lib/writable-folder.ts";

const HOLD = new URL("../../../scripts/lib/folder-hold.ts", import.meta.url).href;
const MAKE = new URL("../../../scripts/lib/writable-folder.ts", import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), "writable-folder-"));
const file = join(folder, "file");
writeFileSync(file, "");
afterAll(() => rmSync(folder, { recursive: true }));

describe("a folder", () => {
  it.each(["one", "one/two/three", "./one/../four"])("%s is made, with those above it", async (name) => {
    const path = `${folder}/${name}`;
    await makeWritableFolder(path, "--state");
    expect(existsSync(path)).toBe(true);
  });

  it("that is there stays as it is", async () => {
    const path = join(folder, "there");
    mkdirSync(join(path, "inside"), { recursive: true });
    await makeWritableFolder(path, "--state");
    expect(existsSync(join(path, "inside"))).toBe(true);
  });

  it("is made once by all that make it at the same moment", async () => {
    const path = join(folder, "at/once/by/many");
    await Promise.all(Array.from({ length: 50 }, () => makeWritableFolder(path, "--state")));
    expect(existsSync(path)).toBe(true);
  });

  it("is held by one at a time, also if that one is killed", async () => {
    const path = join(folder, "held");
    mkdirSync(path);
    const taken = `--state ${path}: another process uses this folder: stop it, or choose another folder`;
    const script = `(await import(${JSON.stringify(HOLD)})).holdFolder(${JSON.stringify(path)}, "--state");
      process.stdout.write("held"); setInterval(() => {}, 1000)`;
    const other = spawn(process.execPath, ["--input-type=module", "--eval", script]);
    await once(other.stdout, "data");
    expect(() => holdFolder(path, "--state")).toThrow(taken);
    other.kill("SIGKILL");
    await once(other, "exit");
    const release = holdFolder(path, "--state");
    expect(() => holdFolder(path, "--state")).toThrow(taken);
    release();
    holdFolder(path, "--state")();
  });

  it("is refused with the file in it that somebody else has", async () => {
    const path = mkdtempSync(join(tmpdir(), "writable-folder-"));
    const theirs = join(path, "v3/theirs");
    mkdirSync(join(path, "v3"));
    writeFileSync(theirs, "", { mode: 0o444 });
    chmodSync(path, 0o777);
    const script = `await (await import(${JSON.stringify(MAKE)})).makeWritableFolder(${JSON.stringify(path)}, "--state")
      .catch(({ message }) => process.stdout.write(message))`;
    // The system's administrator may write to everything.
    const nobody = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const other = spawn(process.execPath, ["--input-type=module", "--eval", script], nobody);
    let said = "";
    other.stdout.on("data", (data) => {
      said += String(data);
    });
    await once(other, "exit");
    rmSync(path, { recursive: true });
    const first = nobody.uid === undefined ? theirs : join(path, "v3");
    expect(said).toBe(`--state ${path}: ${first} cannot be written to (EACCES)`);
  });

  it("that has no room for a lock is refused in one line", () => {
    const path = join(folder, "nowhere");
    expect(() => holdFolder(path, "--state")).toThrow(
      `--state ${path}: not a folder that can be written to (unable to open database file)`,
    );
  });

  // Node's own recursive mkdir never ends with the first.
  it.each([
    ["/proc/x", "ENOENT"],
    ["/proc/x/y", "ENOENT"],
    [file, "EEXIST"],
    [join(file, "below"), "ENOTDIR"],
  ])("%s is refused: %s", async (path, code) => {
    await expect(makeWritableFolder(path, "--state")).rejects.toThrow(
      `--state ${path}: not a folder that can be made or written to (${code})`,
    );
  });
});
