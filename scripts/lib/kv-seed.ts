/**
 * Writes the documents of a configuration file to KV. A document is written only if it has changed in the file since
 * the last time, so that changes through the admin API at run time stay.
 * @module
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { ROUTES_KEY } from "../../src/config/documents.ts";
import type { Kv } from "./runtime.ts";

/** JSON text by KV key. */
export type Documents = ReadonlyMap<string, string>;

/** Digest by KV key, of the documents as last seeded. */
type Digests = Record<string, string>;

export class Seeder {
  readonly #kv: Kv;
  /** File in which the digests outlive the process; null: none. */
  readonly #file: string | null;
  #seeded: Digests = {};

  private constructor(kv: Kv, file: string | null) {
    this.#kv = kv;
    this.#file = file;
  }

  static async open(kv: Kv, file: string | null): Promise<Seeder> {
    const seeder = new Seeder(kv, file);
    if (file !== null) seeder.#seeded = await readDigests(file);
    return seeder;
  }

  /** @returns the keys that were written or deleted */
  async seed(documents: Documents, nowMs: number): Promise<string[]> {
    const wanted: Digests = {};
    for (const [key, text] of documents) wanted[key] = digest(text);
    const written = [...documents.keys()].filter((key) => this.#seeded[key] !== wanted[key]);
    const deleted = Object.keys(this.#seeded).filter((key) => !documents.has(key));
    for (const key of written) {
      await this.#kv.put(key, documents.get(key) ?? "", { metadata: { updated_at: nowMs } });
    }
    for (const key of deleted) {
      // Absent routes are written as well, because a missing key might only mean that KV is late.
      if (key === ROUTES_KEY) await this.#kv.put(key, "[]", { metadata: { updated_at: nowMs } });
      else await this.#kv.delete(key);
    }
    this.#seeded = wanted;
    // Written after KV: if this write is lost, the next start writes the same documents again.
    if (this.#file !== null) await writeDigests(this.#file, wanted);
    return [...written, ...deleted];
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function readDigests(file: string): Promise<Digests> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  return JSON.parse(text) as Digests;
}

async function writeDigests(file: string, digests: Digests): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(digests, null, 2)}\n`);
  await rename(`${file}.new`, file);
}
