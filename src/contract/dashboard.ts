/**
 * What the Worker and the page it serves at `/_lb/` agree on.
 * @module
 */

/**
 * A write that is authorized by a session must carry this header. A form or a link of another site cannot set it, and
 * its script cannot without a CORS preflight, which nobody here answers.
 */
export const SESSION_HEADER = "x-edge-balancer";

/** Where the page finds what the Worker says about who is signed in: JSON in this element. */
export const VIEWER_ELEMENT = "viewer";

/** Who looks at the page. */
export interface Viewer {
  /** Name of the token, or who Cloudflare Access says it is. */
  name: string;
  scope: "read" | "operate" | "admin";
  via: "session" | "access";
}
