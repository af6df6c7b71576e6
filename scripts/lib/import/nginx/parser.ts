/**
 * nginx's configuration as a tree of directives.
 * @module
 */
import type { NginxFile } from "./files.ts";
import { Tokenizer } from "./tokens.ts";

export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  /** What stands in its `{}`; null: it ends with `;`. */
  readonly block: readonly Directive[] | null;
  /** `FILE:line:column` */
  readonly at: string;
}

/** Deeper nesting is no configuration but an attack, or a mistake. */
const MAX_DEPTH = 32;

/** @throws ImportError with file, line and column at the first thing that nginx would refuse */
export function parseNginx(file: Pick<NginxFile, "name" | "text" | "linesBefore">): Directive[] {
  return directives(new Tokenizer(file), null, 0);
}

/** @param opened offset of the block's name; null: the file itself */
function directives(tokens: Tokenizer, opened: number | null, depth: number): Directive[] {
  const found: Directive[] = [];
  if (depth > MAX_DEPTH) tokens.fail(opened ?? 0, "blocks are nested too deeply");
  for (;;) {
    const token = tokens.next();
    if (token.kind === "word") found.push(directive(tokens, token.text, token.offset, depth));
    else if (token.kind === "") {
      if (opened !== null) tokens.fail(opened, 'this block is never closed by "}"');
      return found;
    } else if (token.kind !== "}") tokens.fail(token.offset, `unexpected "${token.kind}"`);
    else if (opened === null) tokens.fail(token.offset, 'unexpected "}": no block is open');
    else return found;
  }
}

/** What follows a directive's name. */
function directive(tokens: Tokenizer, name: string, offset: number, depth: number): Directive {
  const args: string[] = [];
  const at = tokens.place(offset);
  for (;;) {
    const token = tokens.next();
    switch (token.kind) {
      case "word":
        args.push(token.text);
        break;
      case ";":
        return { name, args, block: null, at };
      case "{":
        return { name, args, block: blockOf(tokens, name, offset, depth), at };
      default:
        tokens.fail(offset, `"${name}" is not ended by ";"`);
    }
  }
}

function blockOf(tokens: Tokenizer, name: string, offset: number, depth: number): Directive[] {
  if (!name.endsWith("_by_lua_block")) return directives(tokens, offset, depth + 1);
  tokens.skipBlock(offset);
  return [];
}
