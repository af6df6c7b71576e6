/**
 * What a document changes.
 * @module
 */
import type { Change } from "../lib/change.ts";
import { jsonText } from "../lib/format.ts";
import { Scroll } from "./scroll.tsx";

export function Changes({ changes }: { changes: readonly Change[] }) {
  if (changes.length === 0) return <p class="empty">No difference.</p>;
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

function Value({ value, tone }: { value: unknown; tone: "del" | "ins" }) {
  if (value === undefined) return <span class="muted">–</span>;
  const text = <code>{jsonText(value)}</code>;
  return tone === "del" ? <del>{text}</del> : <ins>{text}</ins>;
}
