/**
 * The page at `/_lb/`: a form to sign in, or the frame that the dashboard's script fills.
 * @module
 */
import type { Child } from "hono/jsx";
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
  const page = (
    <Document title="Sign in · Edge balancer">
      <main class="signin">
        <img src={assetUrl("icon.svg")} alt="" width="48" height="48" />
        <h1>Edge balancer</h1>
        <form method="post" action={`/_lb/login${search}`}>
          {failure !== null && (
            <p class="notice notice-bad" role="alert" id="failure">
              {failure}
            </p>
          )}
          <input type="text" name="username" value="edge-balancer" autocomplete="username" hidden readonly />
          <label for="token">Admin token</label>
          <input
            id="token"
            name="token"
            type="password"
            autocomplete="current-password"
            required
            autofocus
            spellcheck={false}
            aria-describedby={failure === null ? "hint" : "failure hint"}
            aria-invalid={failure === null ? undefined : "true"}
          />
          <button class="button button-main" type="submit">
            Sign in
          </button>
          <p class="hint" id="hint">
            One of the tokens in <code>ADMIN_TOKEN</code> or <code>ADMIN_TOKENS</code>. It is not kept in the
            browser: a session of twelve hours is. The API is described in <code>/_lb/openapi.json</code>.
          </p>
        </form>
      </main>
    </Document>
  );
  return html(request, page, options);
}

/** Shown to signed-in users. */
export function dashboardPage(request: Request, viewer: CurrentUser): Response {
  const page = (
    <Document title="Edge balancer" script>
      <div id="app">
        <main class="signin" aria-busy="true">
          <p>Loading the dashboard…</p>
          <noscript>
            <p class="notice notice-bad">
              The dashboard needs JavaScript. The same facts are in <a href="/_lb/pools">/_lb/pools</a> and{" "}
              <a href="/_lb/metrics">/_lb/metrics</a>.
            </p>
          </noscript>
        </main>
      </div>
      <script
        id={CURRENT_USER_ELEMENT}
        type="application/json"
        // JSON without "<" is text to any parser.
        dangerouslySetInnerHTML={{ __html: JSON.stringify(viewer).replaceAll("<", "\\u003c") }}
      />
    </Document>
  );
  return html(request, page);
}

/**
 * For users who come by another site's link: browsers do not send the session's cookie then, but they do when this page
 * reloads itself.
 */
export function accessRetryPage(request: Request): Response {
  const { pathname, search } = new URL(request.url);
  const target = pathname + search;
  const page = (
    <Document title="Edge balancer" refresh={`0;url=${target}`}>
      <main class="signin">
        <p>
          <a href={target}>Open the dashboard</a>
        </p>
      </main>
    </Document>
  );
  return html(request, page);
}

interface DocumentProps {
  title: string;
  script?: boolean;
  refresh?: string;
  children: Child;
}

function Document({ title, script = false, refresh, children }: DocumentProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        {refresh !== undefined && <meta http-equiv="refresh" content={refresh} />}
        <title>{title}</title>
        <link rel="icon" href={assetUrl("icon.svg")} data-trouble={assetUrl("icon-trouble.svg")} />
        <link rel="stylesheet" href={assetUrl("main.css")} />
        {script && <script type="module" src={assetUrl("main.js")} />}
      </head>
      <body>{children}</body>
    </html>
  );
}

function html(
  request: Request,
  page: { toString(): string | Promise<string> },
  { status = 200, headers }: PageOptions = {},
): Response {
  return new Response(`<!doctype html>${String(page)}`, {
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
