/**
 * Reads documents as KV shows them, mostly the same one again and again.
 * @module
 */
import { type DocumentText, documentHash, MOST_DOCUMENT_BYTES, readText } from "../../config/canonical.ts";

/** A document as KV gave it. */
export interface ObservedDocument {
  text: string;
  /** From the key's metadata; null if its writer left no timestamp (`wrangler kv key put`). */
  updatedAt: number | null;
}

/** A document as it was found. */
interface FoundDocument {
  /** Of its canonical form; of a bad one, of what it is. */
  readonly hash: string;
  /** Null: it was read before, and its text was not kept. */
  readonly content: DocumentText | null;
}

export class DocumentReader {
  /** Not held is what KV may hold and a row cannot. */
  #last: { readonly text: string; readonly hash: string } | null = null;

  /** Parses and hashes a document only if it is another than the last one. */
  read(text: string): FoundDocument {
    if (this.#last?.text === text) return { hash: this.#last.hash, content: null };
    const content = readText(text);
    const isHuge = text.length > MOST_DOCUMENT_BYTES;
    const bad = isHuge ? `${text.length}` : documentHash(text);
    const hash = content.ok ? documentHash(content.canonical) : `bad ${bad}`;
    this.#last = isHuge ? null : { text, hash };
    return { hash, content };
  }
}
