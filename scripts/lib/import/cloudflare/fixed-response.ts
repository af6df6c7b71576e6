/**
 * A rule's fixed response, as an answer of a route's own.
 * @module
 */
import { routeSchema } from "../../../../src/config/routes-schema.ts";
import type { Findings } from "../findings.ts";
import { type Action, closed } from "../model.ts";
import type { CfFixedResponse } from "./schemas.ts";

/** An answer that a route cannot give is replaced by one that keeps the origins closed, and is said. */
export function fixedAnswer(fixed: CfFixedResponse, at: string, findings: Findings): Action {
  const action = asRedirect(fixed) ?? asResponse(fixed);
  const field = "redirect" in action ? routeSchema.shape.redirect : routeSchema.shape.respond;
  if (field.safeParse("redirect" in action ? action.redirect : action.respond).success) return action;
  findings.todo(at, "a route cannot give this fixed response: it answers 503; write the answer by hand");
  return closed(503);
}

function asRedirect({ status_code, location }: CfFixedResponse): Action | null {
  const status = ([301, 302, 303, 307, 308] as const).find((each) => each === status_code);
  if (!location || status === undefined) return null;
  // Braces are a route's placeholders.
  return { redirect: { status, location: location.replace(/[{}]/g, "$&$&") } };
}

function asResponse({ status_code, content_type, message_body, location }: CfFixedResponse): Action {
  return {
    respond: {
      status: status_code ?? 200,
      ...(content_type ? { content_type } : {}),
      ...(location ? { headers: { location: location.replace(/[{}]/g, "$&$&") } } : {}),
      ...(message_body ? { body: message_body } : {}),
    },
  };
}
