/**
 * Masks the secrets of a pool's document, and of the routes, for users who may not write them.
 * @module
 */
import { type Change, diffJson } from "../../config/diff.ts";
import { maskSecrets } from "../../config/secrets.ts";
import { allows, type Principal } from "./tokens.ts";

/**
 * The document, or a part of it, as this principal may see it.
 * @param path of the part, such as `where`; empty: the whole document, or one route of it
 */
export function shownDocument(document: unknown, { scope }: Principal, path = ""): unknown {
  return allows(scope, "admin") ? document : maskSecrets(path, document);
}

/** The changes from one document to another. Masked before they are compared, so that nobody can guess a secret by trying. */
export function changesShown(before: unknown, after: unknown, principal: Principal): Change[] {
  return diffJson(shownDocument(before, principal), shownDocument(after, principal));
}

/** A comment may hold a secret, which nobody can mask: below the scope `admin` there is only the masked document. */
export function shownText(written: string | null | undefined, { scope }: Principal): { written?: string } {
  return written != null && allows(scope, "admin") ? { written } : {};
}

/** The changes as this principal may see them: a secret that changed shows as a mask on both sides. */
export function shownChanges(changes: readonly Change[], { scope }: Principal): Change[] {
  if (allows(scope, "admin")) return [...changes];
  return changes.map(({ path, ...sides }) => ({
    path,
    ...("before" in sides ? { before: maskSecrets(path, sides.before) } : {}),
    ...("after" in sides ? { after: maskSecrets(path, sides.after) } : {}),
  }));
}
