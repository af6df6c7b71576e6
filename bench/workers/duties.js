/**
 * The bare pass-through plus work that every balancer of this kind must do, in as few calls as possible: no route, no
 * pool, no pick. It shows which part of the balancer's price is the platform's. The path's first part names the duties,
 * with commas between them.
 */
const NOT_SENT = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "forwarded",
  "x-forwarded-port",
  "x-forwarded-server",
];
const TIMEOUT_MS = 10_000;
const SHARED_WAIT_MS = 250;

/** By the path's first part, so that a request has no list to read. */
const known = new Map();

function dutiesOf(part) {
  let duties = known.get(part);
  if (duties === undefined) {
    duties = Object.fromEntries(part.split(",").map((name) => [name, true]));
    known.set(part, duties);
  }
  return duties;
}

/** The names are looked at first, as in the balancer: a look at a single header is a call into the runtime. */
function forwarded(request) {
  let names = "";
  request.headers.forEach((_, name) => {
    names += `${name},`;
  });
  const headers = new Headers(request.headers);
  for (const name of NOT_SENT) if (names.includes(`${name},`)) headers.delete(name);
  headers.set("x-forwarded-for", request.headers.get("cf-connecting-ip") ?? "127.0.0.1");
  headers.set("x-forwarded-proto", "http");
  headers.set("x-forwarded-host", request.headers.get("host"));
  headers.set("x-request-id", request.headers.get("x-request-id") ?? crypto.randomUUID());
  headers.set("x-lb-via", "bench");
  return headers;
}

const ownTimer = (_ctx, onFire) => {
  const timer = setTimeout(onFire, TIMEOUT_MS);
  return () => clearTimeout(timer);
};

/** Those who wait for its end. Null: no wait is under way. */
let waiting = null;

function startWait(ctx) {
  const mine = new Set();
  waiting = mine;
  const over = scheduler.wait(SHARED_WAIT_MS).then(() => {
    if (waiting === mine) waiting = null;
    for (const entry of mine) entry.resolve();
  });
  ctx.waitUntil(over);
}

/**
 * One wait for all requests that come within it; those that last longer get a timer of their own then. What one request
 * settles for another may go on in the wrong one (docs/platform.md, isolate memory), so the balancer has no such wait.
 */
const sharedWait = (ctx, onFire) => {
  if (waiting === null) startWait(ctx);
  const mine = waiting;
  const entry = Promise.withResolvers();
  mine.add(entry);
  let stop = () => mine.delete(entry);
  entry.promise.then(() => {
    stop = ownTimer(ctx, onFire);
  });
  return () => stop();
};

async function fetchInTime(url, init, startTimer, ctx) {
  const abort = new AbortController();
  const stop = startTimer(ctx, () => abort.abort());
  try {
    return await fetch(url, { ...init, signal: abort.signal });
  } finally {
    stop();
  }
}

/** Through a stream of the runtime's, which tells when the body has ended. */
function toldItsEnd(response, ctx) {
  const { readable, writable } = new FixedLengthStream(Number(response.headers.get("content-length")));
  const ends = () => undefined;
  ctx.waitUntil(response.body.pipeTo(writable).then(ends, ends));
  return new Response(readable, response);
}

async function serve(request, url, duties, ctx) {
  if (duties.abort) request.signal.onabort = () => console.log("left");
  const init = {
    method: request.method,
    headers: duties.headers ? forwarded(request) : request.headers,
    body: duties.read ? await request.arrayBuffer() : request.body,
    redirect: "manual",
    encodeResponseBody: "manual",
  };
  const startTimer = duties.timeout ? ownTimer : duties.shared ? sharedWait : null;
  const response = await (startTimer === null ? fetch(url, init) : fetchInTime(url, init, startTimer, ctx));
  return duties.end ? toldItsEnd(response, ctx) : response;
}

export default {
  fetch(request, env, ctx) {
    const [, part, path] = /^[^/]*\/\/[^/]*\/([^/]*)(.*)$/.exec(request.url);
    return serve(request, env.ORIGIN + path, dutiesOf(part), ctx);
  },
};
