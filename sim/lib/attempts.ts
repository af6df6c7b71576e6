/**
 * Attempts in flight and their time-outs. Nearly all of them end long before their time is up, so they stand in one
 * line in order of their deadlines, and the agenda knows only of the first that is still under way.
 * @module
 */
import type { OutcomeKind } from "../../src/contract/sync.ts";
import type { Agenda } from "./agenda.ts";

/** Ends once, whoever is first: the answer or the time-out. */
export class Attempt {
  isOver = false;
  readonly #ended: (outcome: OutcomeKind) => void;

  constructor(ended: (outcome: OutcomeKind) => void) {
    this.#ended = ended;
  }

  end(outcome: OutcomeKind): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#ended(outcome);
  }
}

interface Entry {
  readonly deadlineMs: number;
  readonly attempt: Attempt;
}

export class Deadlines {
  readonly #agenda: Agenda;
  #line: Entry[] = [];
  /** Index in `#line` of the first that is still there. */
  #first = 0;
  #isArmed = false;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  add(deadlineMs: number, attempt: Attempt): void {
    const last = this.#line.at(-1);
    if (last !== undefined && deadlineMs < last.deadlineMs) {
      this.#agenda.at(deadlineMs, () => attempt.end("timeout"));
      return;
    }
    this.#line.push({ deadlineMs, attempt });
    this.#arm();
  }

  #arm(): void {
    const first = this.#line[this.#first];
    if (this.#isArmed || first === undefined) return;
    this.#isArmed = true;
    this.#agenda.at(first.deadlineMs, () => this.#expire());
  }

  #expire(): void {
    this.#isArmed = false;
    for (let entry = this.#line[this.#first]; entry !== undefined; entry = this.#line[++this.#first]) {
      if (entry.attempt.isOver) continue;
      if (entry.deadlineMs > this.#agenda.nowMs) break;
      entry.attempt.end("timeout");
    }
    this.#line = this.#line.slice(this.#first);
    this.#first = 0;
    this.#arm();
  }
}
