/**
 * Ids for things that had other names.
 * @module
 */
import { isId } from "../../../src/config/fields.ts";

const MAX_LENGTH = 63;

/** `name` with what an id may not have replaced: "App Server 1" becomes "app-server-1". */
export function toId(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{Mark}/gu, "")
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, MAX_LENGTH)
    .replace(/-+$/, "");
  return isId(plain) ? plain : "unnamed";
}

/** Ids that differ from each other: a name that is taken gets a number. */
export class UniqueIds {
  readonly #taken = new Set<string>();

  take(name: string): string {
    const wanted = toId(name);
    let id = wanted;
    for (let n = 2; this.#taken.has(id); n++) {
      const suffix = `-${n}`;
      id = wanted.slice(0, MAX_LENGTH - suffix.length) + suffix;
    }
    this.#taken.add(id);
    return id;
  }
}
