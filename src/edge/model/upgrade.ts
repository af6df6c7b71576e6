/**
 * Reads the protocol that a request wants to switch its connection to.
 * @module
 */

export type Upgrade =
  /** Nothing, or something that is not passed on: the header is dropped. */
  | "none"
  | "websocket"
  /** Not a GET, or without a key (RFC 6455, 4.1). */
  | "bad_websocket_handshake"
  /** Of another version than 13, the only one there is (RFC 6455, 4.4). */
  | "websocket_version";

/**
 * A malformed handshake is refused here. Otherwise `fetch` would send a good one to the origin, and the runtime would
 * then refuse the client without telling either end of the relayed socket (docs/platform.md, WebSockets).
 */
export function upgradeOf({ method, headers }: Pick<Request, "method" | "headers">): Upgrade {
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") return "none";
  const key = headers.get("sec-websocket-key");
  if (method !== "GET" || key === null || key === "") return "bad_websocket_handshake";
  return headers.get("sec-websocket-version") === "13" ? "websocket" : "websocket_version";
}
