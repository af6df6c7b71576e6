/**
 * Why errors of this Worker have no stack.
 *
 * An error's stack refers to the object of each method that it passed through until somebody reads it. A stream of the
 * runtime refers to the error with which it ended by a reference that the collector does not follow. So with stacks a
 * request whose body broke off is kept for ever: the request has the stream, the stream the error, the error the objects
 * of the methods that waited for the body, and these have the request (docs/platform.md, isolate memory).
 * @module
 */

/** To be called once, before the first request. */
export function makeErrorsWithoutStacks(): void {
  // V8's own; the types do not know it.
  Object.assign(Error, { stackTraceLimit: 0 });
}
