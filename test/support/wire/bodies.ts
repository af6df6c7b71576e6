/**
 * Makes bodies in which every error shows: no two blocks are alike, so a lost, doubled or misplaced byte changes the
 * hash. Encoded bodies are really encoded, and have exactly the requested size.
 * @module
 */
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";

/** "untrue": labelled gzip, but not compressed. */
export type Encoding = "none" | "gzip" | "br" | "deflate" | "zstd" | "untrue";

export const ENCODINGS: readonly Encoding[] = ["none", "gzip", "br", "deflate", "zstd", "untrue"];

const BLOCK_BYTES = 4_096;
/** An encoded body cannot be smaller. */
const LEAST_ENCODED_BYTES = 200;
/** Above this the size is approximate, because the program has no bound there and exact sizes take long. */
const MOST_EXACT_BYTES = 4_000_000;
const MOST_TRIES = 60;
/** Magic number and length of a zstd frame that decoders skip. */
const SKIPPABLE_HEAD_BYTES = 8;

const known = new Map<string, Buffer>();

/** The value of Content-Encoding; null: none. */
export function labelOf(encoding: Encoding): string | null {
  if (encoding === "none") return null;
  return encoding === "untrue" ? "gzip" : encoding;
}

/** A body of this many bytes on the wire (within a few bytes above 4 MB). Always the same. */
export function bodyOf(bytes: number, encoding: Encoding = "none"): Buffer {
  const key = `${encoding} ${bytes}`;
  const made = known.get(key) ?? make(bytes, encoding);
  known.set(key, made);
  return made;
}

/** Bytes that do not compress, the same ones for the same seed. */
export function noise(bytes: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(bytes / 4));
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    // Xorshift (Marsaglia, 2003).
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer, 0, bytes);
}

function make(bytes: number, encoding: Encoding): Buffer {
  if (encoding === "none" || encoding === "untrue" || bytes < LEAST_ENCODED_BYTES) return noise(bytes, bytes);
  const text = Buffer.from(lines(bytes));
  let random = Math.max(0, bytes - encode(text, encoding).length);
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    const encoded = encode(Buffer.concat([text, noise(random, bytes + (attempt >> 2))]), encoding);
    if (encoded.length === bytes || bytes > MOST_EXACT_BYTES) return encoded;
    const short = bytes - encoded.length;
    if (encoding === "zstd" && short >= SKIPPABLE_HEAD_BYTES)
      return Buffer.concat([encoded, skippable(short)]);
    random += encoding === "zstd" ? short - SKIPPABLE_HEAD_BYTES : short;
  }
  throw new Error(`no ${encoding} body of exactly ${bytes} bytes`);
}

function encode(plain: Buffer, encoding: Encoding): Buffer {
  switch (encoding) {
    case "gzip":
      return gzipSync(plain, { level: 1 });
    case "deflate":
      return deflateSync(plain, { level: 1 });
    case "br":
      return brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
    case "zstd":
      return zstdCompressSync(plain);
    default:
      return plain;
  }
}

/** A frame that decoders skip (RFC 8878, 3.1.2). It fills the rest, because zstd's sizes grow in steps. */
function skippable(bytes: number): Buffer {
  const frame = Buffer.alloc(bytes);
  frame.writeUInt32LE(0x184d2a50, 0);
  frame.writeUInt32LE(bytes - SKIPPABLE_HEAD_BYTES, 4);
  return frame;
}

/** Text that compresses well, although no line occurs twice. */
function lines(bytes: number): string {
  const count = Math.ceil(Math.min(bytes, BLOCK_BYTES * 64) / 40);
  return Array.from({ length: count }, (_, line) => `line ${line} of a text that compresses well\n`).join("");
}
