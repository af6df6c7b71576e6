/**
 * Reads a configuration with what it includes.
 * @module
 */
import type { Findings } from "../findings.ts";
import { ImportError } from "../result.ts";
import { type Files, type NginxFile, openFiles } from "./files.ts";
import { type Directive, parseNginx } from "./parser.ts";

const MAX_DEPTH = 16;
const MAX_FILES = 1_000;

/**
 * The directives of the file at `path`, included ones in the place of their `include`. One that is not there is reported
 * and passed over.
 * @param prefix the directory that relative names, and those below nginx's own directory, go by; null: that of the file
 * @throws ImportError if the file cannot be read, or one of them is no configuration
 */
export function readNginx(path: string, prefix: string | null, findings: Findings): Directive[] {
  const files = openFiles(path, prefix);
  return new Reader(files, findings).read(files.main, path, 0);
}

class Reader {
  readonly #files: Files;
  readonly #findings: Findings;
  #count = 0;

  constructor(files: Files, findings: Findings) {
    this.#files = files;
    this.#findings = findings;
  }

  /** @param at of the `include` */
  read(file: NginxFile, at: string, depth: number): Directive[] {
    if (depth > MAX_DEPTH) throw new ImportError(`${at}: files include each other too deeply`);
    if (++this.#count > MAX_FILES) throw new ImportError(`${at}: more than ${MAX_FILES} files are included`);
    return this.#withIncludes(parseNginx(file), depth);
  }

  #withIncludes(directives: readonly Directive[], depth: number): Directive[] {
    return directives.flatMap((directive) => {
      if (directive.name === "include") return this.#include(directive, depth);
      if (directive.block === null) return [directive];
      return [{ ...directive, block: this.#withIncludes(directive.block, depth) }];
    });
  }

  #include({ args, at }: Directive, depth: number): Directive[] {
    const [pattern, ...rest] = args;
    if (pattern === undefined || rest.length > 0) throw new ImportError(`${at}: include takes one file`);
    const files = this.#files.included(pattern, at);
    if (files.length === 0 && !HOLDS_NO_ROUTES.test(pattern)) {
      const message = `include ${pattern}: there is no such file, so what it holds is missing: give the directory that has it with --prefix`;
      this.#findings.todo(at, message);
    }
    return files.flatMap((each) => this.read(each, at, depth + 1));
  }
}

/** What nginx and certbot ship and everybody includes. */
const HOLDS_NO_ROUTES =
  /(^|\/)(mime\.types|(fastcgi|uwsgi|scgi|proxy)_params|fastcgi\.conf|options-ssl-nginx\.conf|modules-enabled\/\*\.conf)$/;
