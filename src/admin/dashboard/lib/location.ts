/**
 * Where in the dashboard one is: the query of the address, so that each view can be linked to and the way back works.
 * @module
 */
import { Store } from "./store.ts";

const VIEWS = [
  "traffic",
  "config",
  "versions",
  "events",
  "routes",
  "route-versions",
  "explain",
  "create",
] as const;
export type View = (typeof VIEWS)[number];

export interface DashboardLocation {
  /** Null: none in particular. */
  pool: string | null;
  origin: string | null;
  view: View;
}

export const currentLocation = new Store<DashboardLocation>(read());
/** The address of `place`. */
let here = location.href;
addEventListener("popstate", () => {
  if (mayLeave()) arrive();
  else history.pushState(null, "", here);
});

export function href({ pool = null, origin = null, view = "traffic" }: Partial<DashboardLocation>): string {
  const query = new URLSearchParams();
  if (pool !== null) query.set("pool", pool);
  if (origin !== null) query.set("origin", origin);
  if (view !== "traffic") query.set("view", view);
  return `/_lb/${query.size === 0 ? "" : `?${query}`}`;
}

/** Set by an editor with unsaved text: called before the location is left. */
let mayLeave: () => boolean = () => true;

export function guardLeaving(check: (() => boolean) | null): void {
  mayLeave = check ?? (() => true);
}

export function go(url: string): void {
  if (!mayLeave()) return;
  history.pushState(null, "", url);
  arrive();
  scrollTo(0, 0);
  // Who listens to the page hears the new heading; who uses the keyboard goes on from it.
  requestAnimationFrame(() => document.querySelector<HTMLElement>("main h1")?.focus());
}

/** Follows links within the dashboard without loading the page anew. */
export function followLinks(): void {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.target !== "") return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || url.pathname !== "/_lb/" || url.hash !== "") return;
    event.preventDefault();
    go(url.pathname + url.search);
  });
}

function arrive(): void {
  here = location.href;
  currentLocation.set(read());
}

function read(): DashboardLocation {
  const query = new URLSearchParams(location.search);
  const view = VIEWS.find((name) => name === query.get("view")) ?? "traffic";
  // An empty name is nobody's.
  return { pool: query.get("pool") || null, origin: query.get("origin") || null, view };
}
