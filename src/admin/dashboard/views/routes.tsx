/**
 * The routes, and what they were.
 * @module
 */
import { useEffect, useState } from "hono/jsx/dom";
import { call, messageOf } from "../lib/api.ts";
import { href } from "../lib/place.ts";
import { say } from "../lib/toast.ts";
import { DocumentEditor } from "../parts/document-editor.tsx";
import { PageHead } from "../parts/page-head.tsx";
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
      {isNow ? (
        <DocumentEditor
          source={{
            label: "The routes",
            done: "The routes are in force",
            path: PATH,
            base: "routes",
            pick: ({ routes }) => routes ?? [],
          }}
        />
      ) : (
        <RouteVersions nowMs={nowMs} />
      )}
    </>
  );
}

/** No feed tells of the routes, so what is in force is asked for. */
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
