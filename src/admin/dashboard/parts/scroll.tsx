/**
 * Wraps content that may be wider than the screen: it scrolls by itself, with the keyboard too.
 * @module
 */
import type { Child } from "hono/jsx/dom";

export function Scroll({ label, children }: { label: string; children?: Child }) {
  return (
    <section class="scroll" tabindex={0} aria-label={label}>
      {children}
    </section>
  );
}
