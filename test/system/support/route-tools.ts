/** A route for each ability of routes. @param url of the only origin */
export function routeTools(url: string): object {
  return {
    routes: [
      {
        host: "closed.test",
        where: { countries: ["XK"] },
        respond: {
          status: 451,
          body: "Not in your country.",
          headers: { "x-for": "{country} {pool}." },
          retry_after: 60,
        },
        response_headers: { set: { "strict-transport-security": "max-age=60" } },
      },
      { host: "empty.test", respond: { status: 204, headers: { "cache-control": "max-age=5" } } },
      { host: "old.test", redirect: { status: 308, location: "https://new.test{target}" } },
      { host: "slash.test", redirect: { location: "{path}" } },
      { host: "strip.test", pool: "web", rewrite: { strip_prefix: "/v1" } },
      {
        host: "both.test",
        pool: "web",
        rewrite: { strip_prefix: "/v2", add_prefix: "/api", rewrite_location: true },
      },
      { host: "replace.test", pool: "web", rewrite: { replace: "/index.html" } },
      { host: "base.test", pool: "base", rewrite: { strip_prefix: "/v1" } },
      {
        host: "headers.test",
        pool: "sticky",
        request_headers: {
          set: {
            "x-country": "{country}",
            "x-what": "{host}|{path}|{pool}|{origin}|{region}",
            "x-real-ip": "{client_ip}",
            "x-forwarded-proto": "https",
          },
          add: { accept: "text/plain", "x-empty": "{country}" },
          remove: ["x-debug", "cookie"],
        },
        response_headers: {
          set: { "x-served": "{pool}/{origin} to {country}" },
          add: { vary: "x-country" },
          remove: ["x-powered-by", "set-cookie"],
        },
      },
      {
        host: "down.test",
        pool: "down",
        unavailable: { body: "<h1>Back soon</h1>", content_type: "text/html" },
        response_headers: { set: { "x-edge": "1" } },
      },
      { host: "plain.test", pool: "web" },
    ],
    pools: {
      web: { origins: [{ id: "a", url }] },
      base: { origins: [{ id: "a", url: `${url}/base` }] },
      sticky: { origins: [{ id: "a", url }], sticky: true },
      down: { origins: [{ id: "a", url, enabled: false }] },
    },
  };
}
