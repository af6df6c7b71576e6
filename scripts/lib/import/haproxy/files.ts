/**
 * The files of a configuration: those that are given, and those that it names.
 * @module
 */
import { globSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ImportError } from "../result.ts";
import { readSource } from "../source.ts";

/** Where HAProxy has its configuration, as it is built by its makers and by distributions. */
const HOMES = ["/etc/haproxy", "/usr/local/etc/haproxy"];

/** Reads a file that the configuration names; null: there is none. */
export type ReadNamed = (name: string) => string | null;

/**
 * The given files with their texts. Of a directory HAProxy takes what ends in `.cfg`, in the order of the names.
 * @throws ImportError if one cannot be read
 */
export function readFiles(paths: readonly string[]): { name: string; text: string }[] {
  return paths.flatMap(filesAt).map((name) => ({ name, text: readSource(name) }));
}

function filesAt(path: string): string[] {
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isDirectory) return [path];
  const files = globSync(join(path, "*.cfg")).sort();
  if (files.length === 0)
    throw new ImportError(`${path}: has no file that ends in .cfg: name the file itself`);
  return files;
}

/** @param prefix the directory that stands for HAProxy's own; null: that of the first file */
export function namedFiles(paths: readonly string[], prefix: string | null): ReadNamed {
  const home = prefix ?? dirname(paths[0] ?? ".");
  return (name) => {
    const own = HOMES.find((each) => name.startsWith(`${each}/`));
    const path =
      own !== undefined ? join(home, name.slice(own.length)) : name.startsWith("/") ? name : join(home, name);
    try {
      return readSource(path);
    } catch {
      return null;
    }
  };
}
