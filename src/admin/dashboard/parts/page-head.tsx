/**
 * The head of a page that stands for itself.
 * @module
 */
import type { Child } from "hono/jsx/dom";

export function PageHead({ title, children }: { title: string; children?: Child }) {
  return (
    <div class="page-head">
      <div>
        <h1 tabindex={-1}>{title}</h1>
        <p class="muted">{children}</p>
      </div>
    </div>
  );
}
