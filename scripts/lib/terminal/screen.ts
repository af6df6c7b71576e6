/**
 * Takes over the terminal for a full-screen display that is redrawn in place and reads keys. It restores the terminal
 * afterwards, whatever ends the process.
 * @module
 */
import { emitKeypressEvents } from "node:readline";
import { clip } from "./table.ts";

const ESC = "\x1b[";
/** Switches to the alternate screen, which keeps the normal one, and hides the cursor. */
const ENTER = `${ESC}?1049h${ESC}?25l`;
const LEAVE = `${ESC}?25h${ESC}?1049l`;
const HOME = `${ESC}H`;
const CLEAR_LINE = `${ESC}K`;
const CLEAR_BELOW = `${ESC}J`;

export interface Key {
  readonly name?: string | undefined;
  readonly ctrl?: boolean | undefined;
}

export interface ScreenOptions {
  readonly onKey: (key: Key) => void;
  readonly onResize: () => void;
  /** SIGTERM, SIGHUP, or SIGINT from elsewhere than the keyboard. */
  readonly onSignal: () => void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export class Screen {
  readonly #options: ScreenOptions;
  readonly #onKeypress: (text: string | undefined, key: Key) => void;
  #isOpen = false;

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.#onKeypress = (_text, key) => options.onKey(key);
  }

  /** In lines. */
  get height(): number {
    return process.stdout.rows;
  }

  open(): void {
    const { onResize, onSignal } = this.#options;
    this.#isOpen = true;
    process.once("exit", this.#restore);
    for (const signal of SIGNALS) process.on(signal, onSignal);
    process.stdout.on("resize", onResize);
    if (process.stdin.isTTY) {
      emitKeypressEvents(process.stdin);
      process.stdin.setRawMode(true).on("keypress", this.#onKeypress).resume();
    }
    process.stdout.write(ENTER);
  }

  /** Shows `lines`; lines that do not fit are left out. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const { rows, columns } = process.stdout;
    // Cleared before the line is written: clearing after a line as wide as the screen would erase its last character.
    const shown = lines.slice(0, rows).map((line) => `${CLEAR_LINE}${clip(line, columns)}`);
    const below = shown.length < rows ? `\r\n${CLEAR_BELOW}` : "";
    process.stdout.write(`${HOME}${shown.join("\r\n")}${below}`);
  }

  close(): void {
    const { onResize, onSignal } = this.#options;
    this.#restore();
    process.off("exit", this.#restore);
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.stdout.off("resize", onResize);
    process.stdin.off("keypress", this.#onKeypress).pause();
  }

  readonly #restore = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    process.stdout.write(LEAVE);
  };
}
