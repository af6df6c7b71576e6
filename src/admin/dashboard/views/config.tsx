/**
 * The configuration of a pool, and of one that is to be.
 * @module
 */
import { useState } from "hono/jsx/dom";
import { mayConfigure } from "../lib/current-user.ts";
import { refresh } from "../lib/feed.ts";
import { go, guardLeaving, href } from "../lib/location.ts";
import { DocumentEditor } from "../parts/document-editor.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function PoolConfigView({ pool }: { pool: string }) {
  return (
    <section aria-label="Configuration">
      <p class="muted">
        The document as its author wrote it; what is not there has its default. A change is in force at the
        pool's object at once and at busy edges within a second.
      </p>
      <DocumentEditor
        source={{
          label: `The configuration of ${pool}`,
          done: `The configuration of ${pool} is in force`,
          path: `/pools/${encodeURIComponent(pool)}`,
          base: `pools.${pool}`,
          pick: ({ config }) => config ?? {},
        }}
      />
    </section>
  );
}

const TEMPLATE = {
  origins: [
    { id: "a", url: "https://a.example.com" },
    { id: "b", url: "https://b.example.com" },
  ],
  health_check: { path: "/healthz" },
};
const ID = "[a-z0-9][a-z0-9_\\-]{0,62}";

export function CreateView() {
  const [id, setId] = useState("");
  const isGood = new RegExp(`^${ID}$`).test(id);
  return (
    <>
      <PageHead title="New pool">A named set of origins that share the traffic.</PageHead>
      {!mayConfigure && <p class="notice notice-bad">Your token may not make pools.</p>}
      <label class="field">
        <span>Name</span>
        <input
          type="text"
          pattern={ID}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-describedby="id-hint"
          onInput={(event: Event) => setId((event.currentTarget as HTMLInputElement).value)}
        />
      </label>
      <p class="muted small" id="id-hint">
        Small letters, digits, "-" and "_"; it begins with a letter or a digit. Routes and sessions go by it.
      </p>
      {isGood && (
        <DocumentEditor
          key={id}
          source={{
            label: `The configuration of ${id}`,
            done: `The pool ${id} is in force`,
            path: `/pools/${id}`,
            base: `pools.${id}`,
            pick: ({ config }) => config,
            template: TEMPLATE,
            onSaved: () => {
              guardLeaving(null);
              refresh();
              go(href({ pool: id }));
            },
          }}
        />
      )}
    </>
  );
}
