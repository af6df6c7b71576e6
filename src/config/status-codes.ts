/**
 * Sets of HTTP statuses as operators write them: `2xx`, `200-299`, `200,204,3xx`.
 * @module
 */

export type StatusMatcher = (status: number) => boolean;

/** The matcher for `text`, or null if it does not name statuses from 100 to 599. Blanks are ignored. */
export function parseStatusCodes(text: string): StatusMatcher | null {
  const ranges: [low: number, high: number][] = [];
  for (const part of text.split(",")) {
    const range = parsePart(part.trim());
    if (range === null) return null;
    ranges.push(range);
  }
  return (status) => ranges.some(([low, high]) => status >= low && status <= high);
}

function parsePart(part: string): [low: number, high: number] | null {
  if (/^[1-5]xx$/i.test(part)) {
    const hundred = Number(part[0]) * 100;
    return [hundred, hundred + 99];
  }
  const match = /^([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?$/.exec(part);
  if (match === null) return null;
  const low = Number(match[1]);
  const high = Number(match[2] ?? match[1]);
  return low <= high ? [low, high] : null;
}
