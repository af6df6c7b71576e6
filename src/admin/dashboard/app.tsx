/**
 * The frame of the dashboard: head, navigation, the view of the location, and dialogs over it.
 * @module
 */
import { useEffect } from "hono/jsx/dom";
import { currentUser } from "./lib/current-user.ts";
import { type FeedState, feed } from "./lib/feed.ts";
import { plural } from "./lib/format.ts";
import { currentLocation, type DashboardLocation, href } from "./lib/location.ts";
import { allProblems } from "./lib/problems.ts";
import { useStore } from "./lib/store.ts";
import { Freshness, StaleNotice } from "./parts/freshness.tsx";
import { SignInDialog } from "./parts/sign-in-dialog.tsx";
import { Announcer, Toasts } from "./parts/toasts.tsx";
import { CreateView } from "./views/config.tsx";
import { ExplainView } from "./views/explain.tsx";
import { Overview } from "./views/overview.tsx";
import { PoolPage } from "./views/pool.tsx";
import { RoutesView } from "./views/routes.tsx";

export function App() {
  const state = useStore(feed);
  const at = useStore(currentLocation);
  useEffect(() => showInTab(state, at), [state.pools, at]);
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <Head at={at} />
      <StaleNotice />
      <main id="content" tabindex={-1} class={state.error === null ? "" : "is-stale"}>
        <Content state={state} at={at} />
      </main>
      <Toasts />
      <Announcer />
      {state.signedOut && <SignInDialog />}
    </>
  );
}

function Head({ at }: { at: DashboardLocation }) {
  const isRoutes = at.view === "routes" || at.view === "route-versions";
  const isPools = !isRoutes && at.view !== "explain";
  const links: [string, string, boolean][] = [
    ["Pools", href({}), isPools],
    ["Routes", href({ view: "routes" }), isRoutes],
    ["Explain", href({ view: "explain" }), at.view === "explain"],
  ];
  return (
    <header class="head">
      <a class="brand" href={href({})}>
        <img src={icon()?.dataset.calm ?? icon()?.href ?? ""} alt="" width="26" height="26" />
        <span>Edge balancer</span>
      </a>
      <nav aria-label="Dashboard">
        {links.map(([label, url, isHere]) => (
          <a key={label} class="navlink" href={url} aria-current={isHere ? "page" : undefined}>
            {label}
          </a>
        ))}
      </nav>
      <Freshness />
      <div class="who">
        <span title={`Scope: ${currentUser.scope}`}>
          {currentUser.name}
          {currentUser.name !== currentUser.scope && <span class="muted"> · {currentUser.scope}</span>}
        </span>
        {currentUser.via === "access" ? (
          <a class="button button-small" href="/cdn-cgi/access/logout">
            Sign out
          </a>
        ) : (
          <form method="post" action="/_lb/logout">
            <button type="submit" class="button button-small">
              Sign out
            </button>
          </form>
        )}
      </div>
    </header>
  );
}

function Content({ state, at }: { state: FeedState; at: DashboardLocation }) {
  const nowMs = Date.now() + state.skewMs;
  if (at.view === "routes" || at.view === "route-versions")
    return <RoutesView view={at.view} nowMs={nowMs} />;
  if (at.view === "explain") return <ExplainView />;
  if (at.view === "create") return <CreateView />;
  const { pools } = state;
  if (pools === null) return <Loading />;
  if (at.pool === null) return <Overview state={state} pools={pools} nowMs={nowMs} />;
  const pool = pools.find((each) => each.pool === at.pool) ?? null;
  return <PoolPage pool={pool} place={at} nowMs={nowMs} />;
}

function Loading() {
  return (
    <div aria-busy="true">
      <h1 tabindex={-1}>Pools</h1>
      <p class="unseen">Loading</p>
      <div class="ghost" />
      <div class="cards">
        <div class="ghost ghost-tall" />
        <div class="ghost ghost-tall" />
        <div class="ghost ghost-tall" />
      </div>
    </div>
  );
}

function icon(): HTMLLinkElement | null {
  return document.querySelector<HTMLLinkElement>("link[rel=icon]");
}

/** Trouble shows in the tab too, where one may look before one looks at the page. */
function showInTab(state: FeedState, { pool, origin }: DashboardLocation): void {
  if (state.pools === null) return;
  const problems = allProblems(state, Date.now()).length;
  const where = [pool, origin].filter((name) => name !== null).join(" / ");
  const name = where === "" ? "Edge balancer" : `${where} · Edge balancer`;
  document.title = problems === 0 ? name : `(${plural(problems, "problem")}) ${name}`;
  const link = icon();
  if (link === null) return;
  link.dataset.calm ??= link.href;
  const wanted = problems === 0 ? link.dataset.calm : (link.dataset.trouble ?? "");
  if (link.getAttribute("href") !== wanted) link.href = wanted;
}
