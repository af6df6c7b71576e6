/**
 * The routes and their history.
 * @module
 */
import { useEffect, useState } from "hono/jsx/dom";
import { call, messageOf } from "../lib/api.ts";
import { href } from "../lib/location.ts";
import { say } from "../lib/toast.ts";
import { DocumentEditor } from "../parts/document-editor.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { RouteTable } from "../parts/route-table.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { VersionsView } from "./versions.tsx";

const PATH = "/routes";

export function RoutesView({ view, nowMs }: { view: "routes" | "route-versions"; nowMs: number }) {
  const isNow = view === "routes";
  return (
    <>
      <PageHead title="Routes">
        The first that matches a request's host and path names its pool. None at all: the only pool, or the
        pool "default".
      </PageHead>
      <Tabs
        label="Routes"
        tabs={[
          ["In force", href({ view: "routes" }), isNow],
          ["Versions", href({ view: "route-versions" }), !isNow],
        ]}
      />
      {isNow ? <RoutesInForce /> : <RouteVersions nowMs={nowMs} />}
    </>
  );
}

function RoutesInForce() {
  // Counts what was put in force here, so that the table is read anew.
  const [written, setWritten] = useState(0);
  return (
    <>
      <RouteTable written={written} />
      <section aria-labelledby="document">
        <h2 id="document">The document</h2>
        <DocumentEditor
          source={{
            label: "The routes",
            done: "The routes are in force",
            path: PATH,
            base: "routes",
            pick: ({ routes }) => routes ?? [],
            onSaved: () => setWritten((before) => before + 1),
          }}
        />
      </section>
    </>
  );
}

/** The live feed does not contain the routes, so the page requests them. */
function RouteVersions({ nowMs }: { nowMs: number }) {
  const [inForce, setInForce] = useState(0);
  const ask = () =>
    call<{ version: number }>(PATH).then(
      ({ version }) => setInForce(version),
      (error: unknown) => say("bad", messageOf(error)),
    );
  useEffect(() => void ask(), []);
  return (
    <VersionsView
      subject={{ name: "the routes", path: PATH, inForce }}
      nowMs={nowMs}
      onBack={() => void ask()}
    />
  );
}
