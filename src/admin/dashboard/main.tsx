/**
 * The dashboard's script: docs/dashboard.md.
 * @module
 */
import { render } from "hono/jsx/dom";
import { App } from "./app.tsx";
import { startFeed } from "./lib/feed.ts";
import { followLinks } from "./lib/location.ts";

const root = document.getElementById("app");
if (root !== null) {
  root.replaceChildren();
  followLinks();
  startFeed();
  render(<App />, root);
}
