/**
 * The page at `/_lb/`: a form to sign in, or the frame that the dashboard's script fills.
 * @module
 */
import { html, raw } from "hono/html";
import { CURRENT_USER_ELEMENT, type CurrentUser } from "../../contract/dashboard.ts";
import { ASSETS_PATH, assetUrl } from "./assets.ts";

interface PageOptions {
  status?: number;
  headers?: Record<string, string>;
}

/**
 * Shown to users who are not signed in.
 * @param search where to go afterwards: the query of the page that was asked for
 */
export function signInPage(request: Request, failure: string | null, options: PageOptions = {}): Response {
  const { search } = new URL(request.url);
  const isInvalid = failure !== null;
  const main = html`<main class="signin">
    <img src="${assetUrl("icon.svg")}" alt="" width="48" height="48" />
    <h1>Edge balancer</h1>
    <form method="post" action="/_lb/login${search}">
      ${isInvalid && html`<p class="notice notice-bad" role="alert" id="failure">${failure}</p>`}
      <input type="text" name="username" value="edge-balancer" autocomplete="username" hidden readonly />
      <label for="token">Admin token</label>
      <input
        id="token"
        name="token"
        type="password"
        autocomplete="current-password"
        required
        autofocus
        spellcheck="false"
        aria-describedby="${isInvalid ? "failure hint" : "hint"}"
        ${isInvalid && raw('aria-invalid="true"')}
      />
      <button class="button button-main" type="submit">Sign in</button>
      <p class="hint" id="hint">
        One of the tokens in <code>ADMIN_TOKEN</code> or <code>ADMIN_TOKENS</code>. It is not kept in the browser: a
        session of twelve hours is. The API is described in <code>/_lb/openapi.json</code>.
      </p>
    </form>
  </main>`;
  return respond(request, documentOf({ title: "Sign in · Edge balancer", body: main }), options);
}

/** Shown to signed-in users. */
export function dashboardPage(request: Request, viewer: CurrentUser): Response {
  // JSON without "<" is text to any parser.
  const data = raw(JSON.stringify(viewer).replaceAll("<", "\\u003c"));
  const body = html`<div id="app">
      <main class="signin" aria-busy="true">
        <p>Loading the dashboard…</p>
        <noscript>
          <p class="notice notice-bad">
            The dashboard needs JavaScript. The same facts are in <a href="/_lb/pools">/_lb/pools</a> and
            <a href="/_lb/metrics">/_lb/metrics</a>.
          </p>
        </noscript>
      </main>
    </div>
    <script id="${CURRENT_USER_ELEMENT}" type="application/json">${data}</script>`;
  const script = html`<script type="module" src="${assetUrl("main.js")}"></script>`;
  return respond(request, documentOf({ title: "Edge balancer", head: script, body }));
}

/**
 * For users who come by another site's link: browsers do not send the session's cookie then, but they do when this page
 * reloads itself.
 */
export function accessRetryPage(request: Request): Response {
  const { pathname, search } = new URL(request.url);
  const target = pathname + search;
  const refresh = html`<meta http-equiv="refresh" content="0;url=${target}" />`;
  const body = html`<main class="signin">
    <p><a href="${target}">Open the dashboard</a></p>
  </main>`;
  return respond(request, documentOf({ title: "Edge balancer", head: refresh, body }));
}

/** Escaped already. */
type Markup = ReturnType<typeof html>;

interface DocumentParts {
  title: string;
  /** More for the head. */
  head?: Markup;
  body: Markup;
}

function documentOf({ title, head, body }: DocumentParts): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="${assetUrl("icon.svg")}" data-trouble="${assetUrl("icon-trouble.svg")}" />
        <link rel="stylesheet" href="${assetUrl("main.css")}" />
        ${head}
      </head>
      <body>
        ${body}
      </body>
    </html>`;
}

function respond(request: Request, page: Markup, { status = 200, headers }: PageOptions = {}): Response {
  return new Response(String(page), {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": contentPolicy(new URL(request.url).origin),
      "cache-control": "no-store",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      ...headers,
    },
  });
}

/** Paths, not `'self'`: the rest of this host is the origins', and their files are none of ours. */
function contentPolicy(origin: string): string {
  const assets = origin + ASSETS_PATH;
  return [
    "default-src 'none'",
    `script-src ${assets}`,
    `style-src ${assets}`,
    `img-src ${assets}`,
    `connect-src ${origin}/_lb/`,
    `form-action ${origin}/_lb/`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}
