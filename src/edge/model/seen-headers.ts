/**
 * Collects the client's headers that this program uses in one pass over all of them, because a call into the runtime
 * for each would cost more.
 * @module
 */

/**
 * Names the balancers a request came through. Not `Via`, which makes nginx's `gzip_proxied` switch compression
 * off, and not `CDN-Loop`, which Cloudflare writes itself.
 */
export const LOOP_HEADER = "x-lb-via";

/** Values as `Headers.get` gives them; null: there is none. */
export class SeenHeaders {
  /** The names of all, in lower case, with a comma before each. */
  names = "";
  clientIp: string | null = null;
  requestId: string | null = null;
  ray: string | null = null;
  upgrade: string | null = null;
  /** The balancers that it came through. */
  via: string | null = null;
  cookie: string | null = null;
  idempotencyKey: string | null = null;

  constructor(headers: Headers) {
    headers.forEach(see, this);
  }
}

function see(this: SeenHeaders, value: string, name: string): void {
  this.names += `,${name}`;
  switch (name) {
    case "cookie":
      this.cookie = value;
      break;
    case "cf-connecting-ip":
      this.clientIp = value;
      break;
    case "cf-ray":
      this.ray = value;
      break;
    case "x-request-id":
      this.requestId = value;
      break;
    case "upgrade":
      this.upgrade = value;
      break;
    case "idempotency-key":
      this.idempotencyKey = value;
      break;
    case LOOP_HEADER:
      this.via = value;
  }
}
