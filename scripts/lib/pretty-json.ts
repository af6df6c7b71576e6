/** Formats JSON as people write it: a value that fits is on one line. @module */

const WIDTH = 100;
/** Down to this level objects are spread over lines, however short they are: the file, its pools, each pool. */
const OPEN_DEPTH = 3;

/** `value` as JSON text, indented by two, with a line break at its end. */
export function prettyJson(value: unknown): string {
  return `${pretty(value, 0, 0, OPEN_DEPTH)}\n`;
}

/**
 * @param taken characters of the line before the value
 * @param open number of levels, this one included, at which objects are spread over lines
 */
function pretty(value: unknown, depth: number, taken: number, open: number): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const line = flat(value);
  const isOpen = !isList && open > 0 && Object.keys(value).length > 0;
  if (!isOpen && taken + line.length <= WIDTH) return line;
  const indent = "  ".repeat(depth + 1);
  const items = isList
    ? value.map((item: unknown) => indent + pretty(item, depth + 1, indent.length, 0))
    : Object.entries(value).map(([key, part]) => {
        const name = `${indent}${JSON.stringify(key)}: `;
        return name + pretty(part, depth + 1, name.length, open - 1);
      });
  const [first, last] = isList ? "[]" : "{}";
  return `${first}\n${items.join(",\n")}\n${"  ".repeat(depth)}${last}`;
}

function flat(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flat).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const parts = Object.entries(value).map(([key, part]) => `${JSON.stringify(key)}: ${flat(part)}`);
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}
