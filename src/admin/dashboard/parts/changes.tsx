/**
 * Shows the changes that a document makes.
 * @module
 */
import type { Change } from "../lib/change.ts";
import { partText } from "../lib/document.ts";
import { jsonText } from "../lib/format.ts";
import { listDiff, nearChanges } from "../lib/list-diff.ts";
import { Scroll } from "./scroll.tsx";

export function Changes({ changes }: { changes: readonly Change[] }) {
  if (changes.length === 0) return <p class="empty">No difference.</p>;
  const [first] = changes;
  // The order of routes matters, so they are compared as a list, line by line.
  if (first !== undefined && first.path === "" && isList(first.before) && isList(first.after)) {
    return <RouteChanges before={first.before} after={first.after} />;
  }
  return (
    <Scroll label="Changes">
      <table class="changes">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Where</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {changes.map(({ path, before, after }) => (
            <tr key={path}>
              <td>{before === undefined ? "added" : after === undefined ? "removed" : "changed"}</td>
              <th scope="row">
                <code>{path === "" ? "everything" : path}</code>
              </th>
              <td>
                <Value value={before} tone="del" />
              </td>
              <td>
                <Value value={after} tone="ins" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

const SIGNS = { removed: ["-", "removed"], added: ["+", "added"], same: ["", ""] } as const;

function RouteChanges({ before, after }: { before: unknown[]; after: unknown[] }) {
  const lines = nearChanges(listDiff(before.map(partText), after.map(partText)));
  return (
    <ol class="changes route-changes">
      {lines.map(({ what, text, at }) => (
        <li key={`${what} ${at} ${text}`} class={what}>
          <span class="sign" aria-hidden="true">
            {SIGNS[what][0]}
          </span>
          <span class="unseen">{SIGNS[what][1]}</span>
          <span class="muted">{at}</span>
          <code>{text}</code>
        </li>
      ))}
    </ol>
  );
}

function Value({ value, tone }: { value: unknown; tone: "del" | "ins" }) {
  if (value === undefined) return <span class="muted">–</span>;
  const text = <code>{jsonText(value)}</code>;
  return tone === "del" ? <del>{text}</del> : <ins>{text}</ins>;
}
