/**
 * Regular expressions that are plain paths in other words.
 * @module
 */

/** Paths that a regular expression or a prefix matches. */
export interface PathPattern {
  /**
   * - `exact`: the path itself.
   * - `beginning`: every path that begins with it, as nginx's prefixes do: `/a` matches `/ab`.
   * - `segments`: the path, and what is below it: `/a` and `/a/b`, not `/ab`.
   */
  readonly kind: "exact" | "beginning" | "segments";
  readonly path: string;
}

const MOST = 32;
/** A group of plain alternatives, an escaped character, or a character that means itself. */
const PIECE =
  /\(\?:((?:[\w/~%-]|\\[^\w\s])*(?:\|(?:[\w/~%-]|\\[^\w\s])*)+)\)|\(((?:[\w/~%-]|\\[^\w\s])*(?:\|(?:[\w/~%-]|\\[^\w\s])*)+)\)|\\([^\w\s])|([\w/~%-])/y;

const ENDS: readonly (readonly [end: RegExp, kinds: (path: string) => PathPattern[]])[] = [
  [/^\$$/, (path) => [{ kind: "exact", path }]],
  [
    /^\/\?\$$/,
    (path) => [
      { kind: "exact", path },
      { kind: "exact", path: `${path}/` },
    ],
  ],
  [/^(\(|\(\?:)(\/\|\$|\$\|\/)\)$/, (path) => [{ kind: "segments", path }]],
  [/^(\(|\(\?:)\/\.\*\)\?\$?$/, (path) => [{ kind: "segments", path }]],
  [/^(\(|\(\?:)\/\.\*\)\$?$/, (path) => [{ kind: "beginning", path: `${path}/` }]],
  [/^\/\?$/, (path) => [{ kind: "beginning", path }]],
  [
    /^(\.\*|\(\.\*\)|\(\?:\.\*\))?\$$|^(\.\*|\(\.\*\)|\(\?:\.\*\))?$/,
    (path) => [{ kind: "beginning", path }],
  ],
];

/** The paths that `regex` matches, or null if these cannot be said one by one. */
export function plainPaths(regex: string): PathPattern[] | null {
  if (!regex.startsWith("^")) return null;
  let paths = [""];
  PIECE.lastIndex = 1;
  for (let at = 1; at <= regex.length; at = PIECE.lastIndex) {
    const end = regex.slice(at);
    const kinds = ENDS.find(([pattern]) => pattern.test(end))?.[1];
    if (kinds !== undefined) return paths.every((path) => path.startsWith("/")) ? paths.flatMap(kinds) : null;
    PIECE.lastIndex = at;
    const found = PIECE.exec(regex);
    // A quantifier after a piece, or something that is not plain.
    if (found === null || /^[?*+{]/.test(regex.slice(PIECE.lastIndex))) return null;
    const pieces = (found[1] ?? found[2] ?? found[3] ?? found[4] ?? "").split("|").map(unescaped);
    paths = paths.flatMap((path) => pieces.map((piece) => path + piece));
    if (paths.length > MOST) return null;
  }
  return null;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, "$1");
}

/** The longest text that every path matched by `regex` begins with; "/" if none can be told. */
export function literalBeginning(regex: string): string {
  const [, text = ""] = /^\^((?:[\w/~%-]|\\[^\w\s])*)/.exec(regex) ?? [];
  // A quantifier takes the last character back.
  const isOpen = /^[?*{]/.test(regex.slice(text.length + 1));
  const plain = unescaped(isOpen ? text.replace(/\\?.$/, "") : text);
  return plain.startsWith("/") ? plain : "/";
}

/** True if `regex` matches every path. */
export function matchesEverything(regex: string): boolean {
  return /^(\^\/?|\^?\/?\.\*\$?|\^?\/?\(\.\*\)\$?)$/.test(regex);
}
