/**
 * The one hash of this project. MurmurHash3 x86_32 (Austin Appleby, public domain): well distributed, fast in
 * JavaScript because it needs only 32-bit multiplication, has published vectors so that other languages can compute
 * the same ring, and takes a seed, so that virtual nodes need no strings of their own. Not for secrets.
 * @module
 */

/** A whole number from 0 to 2^32 - 1 of the UTF-8 bytes of `text`. @param seed a 32-bit whole number */
export function murmur3(text: string, seed = 0): number {
  let hash = seed | 0;
  let block = 0;
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code >= 0x80) code = text.codePointAt(i) ?? code;
    if (code > 0xffff) i++;
    for (let byte = firstByte(code), left = continuationBytes(code); ; ) {
      block |= byte << ((bytes & 3) * 8);
      if ((++bytes & 3) === 0) {
        hash = Math.imul(rotate(hash ^ scramble(block), 13), 5) + 0xe6546b64;
        block = 0;
      }
      if (left === 0) break;
      left--;
      byte = 0x80 | ((code >> (left * 6)) & 0x3f);
    }
  }
  hash ^= scramble(block) ^ bytes;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(block: number): number {
  return Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

// UTF-8 (RFC 3629). A lone surrogate has no UTF-8 form; it is encoded like any other code of its size.
function continuationBytes(code: number): number {
  if (code < 0x80) return 0;
  if (code < 0x800) return 1;
  return code < 0x10000 ? 2 : 3;
}

function firstByte(code: number): number {
  if (code < 0x80) return code;
  if (code < 0x800) return 0xc0 | (code >> 6);
  return code < 0x10000 ? 0xe0 | (code >> 12) : 0xf0 | (code >> 18);
}
