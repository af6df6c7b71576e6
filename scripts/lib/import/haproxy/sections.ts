/**
 * Sections of a configuration: the proxies, with what `defaults` gives them (manual, 4 "Proxies").
 * @module
 */
import { ImportError } from "../result.ts";
import { WordError, wordsOf } from "./words.ts";

export interface Line {
  /** `FILE:line:column` of its first word. */
  readonly at: string;
  readonly words: readonly string[];
}

export interface ProxySection {
  readonly kind: "frontend" | "backend" | "listen";
  readonly name: string;
  readonly at: string;
  /** Those of its `defaults` first. */
  readonly lines: readonly Line[];
}

interface Section {
  readonly head: Line;
  readonly lines: Line[];
}

const SECTIONS: ReadonlySet<string> = new Set([
  "acme",
  "backend",
  "cache",
  "crt-store",
  "defaults",
  "fcgi-app",
  "frontend",
  "global",
  "http-errors",
  "listen",
  "log-forward",
  "log-profile",
  "mailers",
  "peers",
  "program",
  "resolvers",
  "ring",
  "traces",
  "userlist",
]);

/** @throws ImportError for what HAProxy would refuse, and for what is only decided when it starts */
export function readProxies(files: readonly { name: string; text: string }[]): ProxySection[] {
  const sections = sectionsOf(linesOf(files));
  const named = new Map<string, readonly Line[]>();
  let last: readonly Line[] = [];
  const proxies: ProxySection[] = [];
  for (const { head, lines } of sections) {
    const [kind = "", name = ""] = head.words;
    if (kind !== "defaults" && kind !== "frontend" && kind !== "backend" && kind !== "listen") continue;
    const from = head.words.indexOf("from");
    const source = from < 0 ? null : (head.words[from + 1] ?? "");
    const base = source === null ? null : named.get(source);
    if (base === undefined)
      throw new ImportError(`${head.at}: there is no section "defaults ${source}" before this`);
    if (kind === "defaults") {
      last = [...(base ?? []), ...lines];
      if (name !== "" && from !== 1) named.set(name, last);
    } else {
      const given = (base ?? last).filter((line) => !isReplaced(line, lines));
      proxies.push({ kind, name: nameOf(head), at: head.at, lines: [...given, ...lines] });
    }
  }
  refuseTwice(proxies);
  return proxies;
}

/** Of checks a section has its own lines or those of its defaults, and never both. */
function isReplaced({ words: [keyword] }: Line, own: readonly Line[]): boolean {
  const isCheck = keyword === "http-check" || keyword === "tcp-check";
  return isCheck && own.some(({ words }) => words[0] === keyword);
}

function nameOf({ at, words: [kind = "", name, ...rest] }: Line): string {
  if (name === undefined) throw new ImportError(`${at}: ${kind} takes a name`);
  const [next] = rest;
  if (next === undefined || next === "from") return name;
  throw new ImportError(
    `${at}: ${kind} ${name}: unexpected ${JSON.stringify(next)}: addresses belong on a line of "bind"`,
  );
}

function refuseTwice(proxies: readonly ProxySection[]): void {
  const seen = new Map<string, string>();
  for (const { kind, name, at } of proxies) {
    for (const side of kind === "listen" ? ["frontend", "backend"] : [kind]) {
      const before = seen.get(`${side} ${name}`);
      if (before !== undefined)
        throw new ImportError(`${at}: ${kind} ${name} stands twice, first at ${before}`);
      seen.set(`${side} ${name}`, at);
    }
  }
}

function linesOf(files: readonly { name: string; text: string }[]): Line[] {
  const environment = new Map<string, string>();
  return files.flatMap(({ name, text }) =>
    text.split(/\r?\n/).flatMap((raw, index) => {
      const place = (column: number) => `${name}:${index + 1}:${column}`;
      const words = readWords(raw, environment, place);
      const line = { at: place(raw.search(/\S/) + 1), words };
      if (/^\.[a-z]+$/.test(words[0] ?? "")) refuseCondition(line);
      const [keyword, variable = "", value = ""] = words;
      if (keyword === "setenv" || (keyword === "presetenv" && !environment.has(variable)))
        environment.set(variable, value);
      return words.length === 0 ? [] : [line];
    }),
  );
}

function readWords(
  raw: string,
  environment: ReadonlyMap<string, string>,
  place: (column: number) => string,
): string[] {
  try {
    return wordsOf(raw, environment);
  } catch (error) {
    if (error instanceof WordError) throw new ImportError(`${place(error.column)}: ${error.message}`);
    throw error;
  }
}

/** `.if` and its like; messages such as `.notice` decide nothing, but stand beside these. */
function refuseCondition({ at, words: [keyword = ""] }: Line): void {
  if (!/^\.(if|elif|else|endif)$/.test(keyword)) return;
  const message = `${keyword} is decided when HAProxy starts: leave the lines that are in force, and take the others away`;
  throw new ImportError(`${at}: ${message}`);
}

function sectionsOf(lines: readonly Line[]): Section[] {
  const sections: Section[] = [];
  for (const line of lines) {
    const [keyword = ""] = line.words;
    if (SECTIONS.has(keyword)) sections.push({ head: line, lines: [] });
    else if (/^\.[a-z]+$/.test(keyword)) continue;
    else if (sections.length > 0) sections.at(-1)?.lines.push(line);
    else {
      const message = `${JSON.stringify(keyword)} stands before any section, such as "frontend": this is not HAProxy's configuration, or not its beginning`;
      throw new ImportError(`${line.at}: ${message}`);
    }
  }
  return sections;
}

/** The lines that begin with these words. */
export function linesWith({ lines }: Pick<ProxySection, "lines">, ...beginning: readonly string[]): Line[] {
  return lines.filter(({ words }) => beginning.every((word, index) => words[index] === word));
}

/** The last line that begins with these words, which is the one that counts; `no ...` and `default ...` take it away. */
export function lastLine(
  { lines }: Pick<ProxySection, "lines">,
  ...beginning: readonly string[]
): Line | null {
  const is = (words: readonly string[], from: number) =>
    beginning.every((word, index) => words[from + index] === word);
  const isOff = (words: readonly string[]) => (words[0] === "no" || words[0] === "default") && is(words, 1);
  const found = lines.findLast(({ words }) => is(words, 0) || isOff(words));
  return found === undefined || isOff(found.words) ? null : found;
}

/** As it is written, for messages. */
export function written({ words }: Line): string {
  return words.join(" ");
}
