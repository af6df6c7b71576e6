/**
 * What an import has to say besides its result: what needs a hand, what is not quite the same, what is lost.
 * @module
 */

/**
 * - `todo`: does not work as it stands; somebody must give what the import could not know.
 * - `changed`: works, but not quite as before.
 * - `lost`: has no counterpart and is left out.
 */
export type FindingKind = "todo" | "changed" | "lost";

export interface Finding {
  readonly kind: FindingKind;
  /** Where it stands: `FILE:line:column: path`. */
  readonly at: string;
  readonly message: string;
}

const HEADINGS: Readonly<Record<FindingKind, string>> = {
  todo: "Needs your hand",
  changed: "Not quite the same",
  lost: "No counterpart, left out",
};

/** Collects findings; the same thing said twice of one place counts once. */
export class Findings {
  readonly #all = new Map<string, Finding>();

  todo(at: string, message: string): void {
    this.#add({ kind: "todo", at, message });
  }

  changed(at: string, message: string): void {
    this.#add({ kind: "changed", at, message });
  }

  lost(at: string, message: string): void {
    this.#add({ kind: "lost", at, message });
  }

  #add(finding: Finding): void {
    this.#all.set(`${finding.kind} ${finding.at} ${finding.message}`, finding);
  }

  get all(): readonly Finding[] {
    return [...this.#all.values()];
  }

  /** For people: a section per kind, the urgent one first; "" if there is nothing to say. */
  report(): string {
    const sections = (["todo", "changed", "lost"] as const).map((kind) => {
      const lines = this.all.filter((finding) => finding.kind === kind);
      if (lines.length === 0) return "";
      const items = lines.map(({ at, message }) => `  ${at}: ${message}`);
      return [`${HEADINGS[kind]} (${lines.length}):`, ...items].join("\n");
    });
    return sections.filter((section) => section !== "").join("\n\n");
  }
}
