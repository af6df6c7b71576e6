/**
 * What an import has to say besides its result, sorted by what a person must do.
 * @module
 */

/**
 * - `todo`: somebody must act. It does not work as it stands, a request goes elsewhere than it did, or more requests
 *   get through than before.
 * - `changed`: it is done, and works not quite as before.
 * - `left`: it is left out, and changes neither which requests get through nor where they go.
 */
type FindingKind = "todo" | "changed" | "left";

export interface Finding {
  readonly kind: FindingKind;
  /** Where it stands: `FILE:line:column: path`. */
  readonly at: string;
  readonly message: string;
}

const HEADINGS: Readonly<Record<FindingKind, string>> = {
  todo: "Needs your hand",
  changed: "Done, not quite the same",
  left: "Left out without effect",
};

/** Characters of a message: it quotes lines, which may have millions. */
const MOST_SHOWN = 1_000;

/** Collects findings; the same thing said twice of one place counts once. */
export class Findings {
  readonly #all = new Map<string, Finding>();

  todo(at: string, message: string): void {
    this.#add({ kind: "todo", at, message });
  }

  changed(at: string, message: string): void {
    this.#add({ kind: "changed", at, message });
  }

  leftOut(at: string, message: string): void {
    this.#add({ kind: "left", at, message });
  }

  #add({ kind, at, message }: Finding): void {
    const shown = message.length <= MOST_SHOWN ? message : shortened(message);
    this.#all.set(`${kind} ${at} ${shown}`, { kind, at, message: shown });
  }

  get all(): readonly Finding[] {
    return [...this.#all.values()];
  }

  /** For people: a section per kind, the urgent one first; "" if there is nothing to say. */
  report(): string {
    const sections = (["todo", "changed", "left"] as const).map((kind) => {
      const lines = this.all.filter((finding) => finding.kind === kind);
      if (lines.length === 0) return "";
      const items = lines.map(({ at, message }) => `  ${at}: ${message}`);
      return [`${HEADINGS[kind]} (${lines.length}):`, ...items].join("\n");
    });
    return sections.filter((section) => section !== "").join("\n\n");
  }
}

/** Without its middle: what is quoted stands first, and what became of it last. */
function shortened(message: string): string {
  return `${message.slice(0, MOST_SHOWN / 2)} … ${message.slice(-MOST_SHOWN / 2)}`;
}
