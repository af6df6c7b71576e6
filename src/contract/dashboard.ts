/**
 * The contract between the Worker and the page that it serves at `/_lb/`.
 * @module
 */
export { repeatedKeys } from "../config/repeated-keys.ts";

/**
 * A write that is authorized by a session must carry this header. A form or a link of another site cannot set it. A
 * script of another site needs a CORS preflight, which the Worker does not allow.
 */
export const SESSION_HEADER = "x-edge-balancer";

/** Id of the element in which the Worker tells the page who is signed in, as JSON. */
export const CURRENT_USER_ELEMENT = "current-user";

/** The user of the page. */
export interface CurrentUser {
  /** Name of the token, or of the user according to Cloudflare Access. */
  name: string;
  scope: "read" | "operate" | "admin";
  via: "session" | "access";
}
