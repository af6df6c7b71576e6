/**
 * One difference between two documents, as config/diff.ts finds it.
 * @module
 */
export interface Change {
  path: string;
  before?: unknown;
  after?: unknown;
}
