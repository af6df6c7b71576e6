/**
 * What stands at `/_lb/` until the dashboard does.
 * @module
 */

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Edge balancer</title>
<h1>Edge balancer</h1>
<p>The admin API is here: send <code>Authorization: Bearer TOKEN</code>.
<p>It is described in <code>/_lb/openapi.json</code>; begin with <code>/_lb/pools</code>.
</html>
`;

export function placeholderPage(): Response {
  return new Response(PAGE, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });
}
