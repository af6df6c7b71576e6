/** Writes colours as text, so that a test can compare them: `<red:text>`. */
import type { Paint } from "../../scripts/lib/terminal/paint.ts";

const same = (text: string) => text;

/** No colours. */
export const PLAIN: Paint = { red: same, green: same, yellow: same, cyan: same, bold: same, dim: same };

/** Marks only good and bad. */
export const MARKED: Paint = {
  ...PLAIN,
  red: (text) => `<red:${text}>`,
  green: (text) => `<green:${text}>`,
  yellow: (text) => `<yellow:${text}>`,
};
