/**
 * The files of a configuration: on disk, or all in one dump of `nginx -T`.
 * @module
 */
import { globSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { readSource } from "../source.ts";

/** A file's text, and what its errors begin with. */
export interface NginxFile {
  readonly path: string;
  readonly text: string;
  /** `FILE:line:column` of an offset is `name` and the position, counted from this line on. */
  readonly name: string;
  /** Lines before it in the dump that it stands in; 0 on disk. */
  readonly linesBefore: number;
}

export interface Files {
  readonly main: NginxFile;
  /** The files that an include's `pattern` names, sorted as nginx does. */
  included(pattern: string, at: string): NginxFile[];
}

/** Where nginx has its configuration, as it is built by its makers and by distributions. */
const HOMES = ["/etc/nginx", "/usr/local/nginx/conf", "/usr/local/etc/nginx", "/opt/nginx/conf"];
/** Folders that an `nginx.conf` beside them includes. */
const PARTS = /^(conf\.d|sites-(available|enabled)|modules-enabled|snippets)$/;

/**
 * @param prefix the directory that stands for nginx's own; null: that of the file
 * @throws ImportError if the file cannot be read
 */
export function openFiles(path: string, prefix: string | null): Files {
  const main = readDisk(path);
  return dumpedFiles(main) ?? diskFiles(main, prefix ?? homeOf(path));
}

/** The directory of the file; of a part of a configuration, the one that has all parts. */
function homeOf(path: string): string {
  const directory = dirname(path);
  return PARTS.test(basename(resolve(directory))) ? dirname(resolve(directory)) : directory;
}

function diskFiles(main: NginxFile, home: string): Files {
  return {
    main,
    included(pattern, at) {
      const paths = globSync(placeOf(pattern, home)).sort();
      return paths.map((path) => readDisk(path, `${at}: ${path} `));
    },
  };
}

/** A copy of a configuration has its absolute names below its own directory, and not on this machine. */
function placeOf(pattern: string, home: string): string {
  if (!pattern.startsWith("/")) return join(home, pattern);
  const own = HOMES.find((each) => pattern.startsWith(`${each}/`));
  return own === undefined ? pattern : join(home, pattern.slice(own.length));
}

/** @param before what its errors begin with */
function readDisk(path: string, before?: string): NginxFile {
  return { path, name: path, text: readSource(path, before), linesBefore: 0 };
}

const MARK = /^# configuration file (.+):$/;

/** The files in a dump of `nginx -T`; null: it is none. */
function dumpedFiles(dump: NginxFile): Files | null {
  const lines = dump.text.split("\n");
  const starts = lines.flatMap((line, index) => {
    const path = MARK.exec(line.trimEnd())?.[1];
    return path === undefined ? [] : [{ path, index }];
  });
  const files = starts.map(({ path, index }, at): NginxFile => {
    const text = lines.slice(index + 1, starts[at + 1]?.index).join("\n");
    return { path, text, name: dump.name, linesBefore: index + 1 };
  });
  const [main] = files;
  if (main === undefined) return null;
  // Each file stands there once, however often it is included.
  return {
    main,
    included(pattern) {
      const fits = globPattern(pattern.startsWith("/") ? pattern : join(dirname(main.path), pattern));
      return files.filter(({ path }) => fits.test(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
    },
  };
}

/** `*`, `?` and `[...]`, as in glob(3). */
function globPattern(pattern: string): RegExp {
  const source = pattern.replace(/\[!/g, "[^").replace(/[.+(){}|\\$]/g, "\\$&");
  return new RegExp(`^${source.replace(/\*/g, "[^/]*").replace(/\?/g, "[^/]")}$`);
}
