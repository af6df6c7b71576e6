/**
 * Colours for a terminal. There are none if the output is not a terminal or NO_COLOR is set; FORCE_COLOR forces them.
 * @module
 */
import { styleText } from "node:util";

type Style = (text: string) => string;

export interface Paint {
  readonly red: Style;
  readonly green: Style;
  readonly yellow: Style;
  readonly cyan: Style;
  readonly bold: Style;
  readonly dim: Style;
}

export function paintFor(stream: NodeJS.WriteStream): Paint {
  const style =
    (format: Parameters<typeof styleText>[0]): Style =>
    (text) =>
      styleText(format, text, { stream });
  return {
    red: style("red"),
    green: style("green"),
    yellow: style("yellow"),
    cyan: style("cyan"),
    bold: style("bold"),
    dim: style("dim"),
  };
}
