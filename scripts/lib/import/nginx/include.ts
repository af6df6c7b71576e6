/**
 * Reads a configuration with what it includes.
 * @module
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemMessage } from "../../config-file.ts";
import type { Findings } from "../findings.ts";
import { ImportError } from "../result.ts";
import { type Directive, parseNginx } from "./parser.ts";

const MAX_DEPTH = 16;
const MAX_FILES = 1_000;

/**
 * The directives of the file at `path`, included ones in the place of their `include`. Relative names go by the
 * directory of the first file, as nginx does; one that is not there is reported and passed over.
 * @throws ImportError if the file cannot be read, or one of them is no configuration
 */
export function readNginx(path: string, findings: Findings): Directive[] {
  return new Reader(dirname(path), findings).read(path, path, 0);
}

class Reader {
  readonly #prefix: string;
  readonly #findings: Findings;
  #files = 0;

  constructor(prefix: string, findings: Findings) {
    this.#prefix = prefix;
    this.#findings = findings;
  }

  /** @param at what errors begin with if the file cannot be read */
  read(path: string, at: string, depth: number): Directive[] {
    if (depth > MAX_DEPTH) throw new ImportError(`${at}: files include each other too deeply`);
    if (++this.#files > MAX_FILES) throw new ImportError(`${at}: more than ${MAX_FILES} files are included`);
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      throw new ImportError(`${at}: ${at === path ? "" : `${path} `}cannot be read: ${systemMessage(error)}`);
    }
    return this.#withIncludes(parseNginx(path, text), depth);
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
    const path = pattern.startsWith("/") ? pattern : join(this.#prefix, pattern);
    // nginx sorts them too.
    const paths = globSync(path).sort();
    if (paths.length === 0 && !HOLDS_NO_ROUTES.test(pattern)) {
      this.#findings.todo(at, `include ${pattern}: there is no such file, so what it holds is missing`);
    }
    return paths.flatMap((each) => this.read(each, at, depth + 1));
  }
}

/** What nginx ships and everybody includes. */
const HOLDS_NO_ROUTES =
  /(^|\/)(mime\.types|(fastcgi|uwsgi|scgi|proxy)_params|fastcgi\.conf|modules-enabled\/\*\.conf)$/;
