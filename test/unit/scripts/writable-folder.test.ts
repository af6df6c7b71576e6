/** The folder that an option names. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeWritableFolder } from "../../../scripts/lib/writable-folder.ts";

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
