/**
 * The bare pass-through plus work that every balancer of this kind must do, in as few calls as possible: no route, no
 * pool, no pick. It shows which part of the balancer's price is the platform's. The path's first part names the duties.
 */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
const CLAIMED = ["forwarded", "x-forwarded-port", "x-forwarded-server"];
const TIMEOUT_MS = 10_000;

function outgoing(request, url, signal) {
  return new Request(url, {
    method: request.method,
    headers: request.headers,
    body: request.body,
    redirect: "manual",
    encodeResponseBody: "manual",
    signal,
  });
}

function forwarded(headers, request) {
  for (const name of HOP_BY_HOP) headers.delete(name);
  for (const name of CLAIMED) headers.delete(name);
  headers.set("x-forwarded-for", request.headers.get("cf-connecting-ip") ?? "127.0.0.1");
  headers.set("x-forwarded-proto", "http");
  headers.set("x-forwarded-host", request.headers.get("host"));
  headers.set("x-request-id", request.headers.get("x-request-id") ?? crypto.randomUUID());
  headers.set("x-lb-via", "bench");
}

function noticeAbort(request) {
  request.signal.onabort = () => console.log("left");
}

async function fetchInTime(request, url, prepare) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    const sent = outgoing(request, url, abort.signal);
    prepare?.(sent.headers, request);
    return await fetch(sent);
  } finally {
    clearTimeout(timer);
  }
}

const DUTIES = {
  headers(request, url) {
    const sent = outgoing(request, url);
    forwarded(sent.headers, request);
    return fetch(sent);
  },
  abort(request, url) {
    noticeAbort(request);
    return fetch(url, request);
  },
  timeout: (request, url) => fetchInTime(request, url),
  all(request, url) {
    noticeAbort(request);
    return fetchInTime(request, url, forwarded);
  },
};

export default {
  fetch(request, env) {
    const [, duties, path] = /^[^/]*\/\/[^/]*\/([^/]*)(.*)$/.exec(request.url);
    return DUTIES[duties](request, env.ORIGIN + path);
  },
};
