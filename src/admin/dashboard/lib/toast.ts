/**
 * Short messages about an action that has just ended.
 * @module
 */
import { messageOf } from "./api.ts";
import { refresh } from "./feed.ts";
import { Store } from "./store.ts";

export interface Toast {
  id: number;
  tone: "good" | "bad";
  text: string;
}

const SHOWN_MS = 6_000;
/** Bad news stays until there is time to read it. */
const BAD_SHOWN_MS = 15_000;

export const toasts = new Store<readonly Toast[]>([]);
let made = 0;

export function say(tone: Toast["tone"], text: string): void {
  const id = ++made;
  toasts.set([...toasts.value.slice(-3), { id, tone, text }]);
  setTimeout(() => dismiss(id), tone === "bad" ? BAD_SHOWN_MS : SHOWN_MS);
}

export function dismiss(id: number): void {
  toasts.set(toasts.value.filter((toast) => toast.id !== id));
}

/** Runs an operator's action, shows its result and refreshes the page. @returns false if it failed */
export async function act(done: string, action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    say("good", done);
    return true;
  } catch (error) {
    say("bad", messageOf(error));
    return false;
  } finally {
    refresh();
  }
}
