/**
 * Says where a condition is not as it was.
 * @module
 */
import type { Findings } from "../findings.ts";
import type { Condition } from "./conditions.ts";
import { type Line, written } from "./sections.ts";

/**
 * Tests that no route says count as not met. So a line holds for fewer requests, or for more where the test stands behind
 * `!` or `unless`.
 * @param before what became of the requests that the line no longer holds for
 */
export function reportLost(
  line: Line,
  { terms, isUnless }: Condition,
  before: string,
  findings: Findings,
): void {
  for (const { isNegated, meaning } of terms.flat()) {
    for (const reason of new Set(meaning.lost)) {
      const consequence =
        isNegated === isUnless ? `such requests ${before}` : "the line now holds for such requests as well";
      findings.todo(line.at, `${written(line)}: ${reason}; ${consequence}`);
    }
  }
}
