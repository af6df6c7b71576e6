/**
 * Reads the members of types from their source text, which Biome keeps in one form.
 * @module
 */

/** Names of all interfaces and type aliases. */
export function declaredTypes(source: string): string[] {
  return Array.from(source.matchAll(/^(?:export )?(?:interface|type) (\w+)/gm), ([, name = ""]) => name);
}

/**
 * A line for each member of a type (`SyncReport.sequence: number`) and for each alternative of a union.
 * @throws if a name is not declared
 */
export function typeLines(source: string, names: readonly string[]): string[] {
  const plain = source.replace(/\/\*\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  return names.flatMap((name) => linesOf(plain, name));
}

function linesOf(plain: string, name: string): string[] {
  const head = new RegExp(`^(?:export )?(interface|type) ${name}\\b`, "m").exec(plain);
  if (head === null) throw new Error(`there is no type ${name}`);
  const [begin = "", keyword = ""] = head;
  const rest = plain.slice(head.index + begin.length);
  if (keyword === "interface") {
    const open = rest.indexOf("{");
    const parents = flat(rest.slice(0, open));
    return [
      ...(parents === "" ? [] : [`${name} ${parents}`]),
      ...members(name, inBrackets(rest.slice(open))),
    ];
  }
  const [first = ""] = split(rest, ";");
  const value = flat(first.slice(first.indexOf("=") + 1));
  if (/^\{.*\}$/.test(value) && split(value, "|").length === 1) return members(name, inBrackets(value));
  return split(value.replace(/^\| /, ""), "|").map((one) => `${name} = ${one}`);
}

function members(name: string, body: string): string[] {
  return split(flat(body), ";").map((member) => `${name}.${member.replace(/^readonly /, "")}`);
}

/** What stands in the bracket that `text` begins with. */
function inBrackets(text: string): string {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    depth += step(text[at]);
    if (depth === 0) return text.slice(1, at);
  }
  throw new Error(`no end: ${text.slice(0, 40)}`);
}

/** The parts between separators that are in no bracket; those that are empty are left out. */
function split(text: string, separator: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    depth += step(text[at]);
    if (text[at] !== separator || depth > 0) continue;
    found.push(text.slice(start, at));
    start = at + 1;
  }
  return [...found, text.slice(start)].map((part) => part.trim()).filter((part) => part !== "");
}

function step(character = ""): number {
  if ("{([".includes(character)) return 1;
  return "})]".includes(character) ? -1 : 0;
}

/** On one line, whatever its length. */
function flat(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/([([]) /g, "$1")
    .replace(/,? ([)\]])/g, "$1")
    .replace(/; \}/g, " }")
    .trim();
}
