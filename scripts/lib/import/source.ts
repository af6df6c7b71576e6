/**
 * The files that are imported.
 * @module
 */
import { readFileSync } from "node:fs";
import { systemMessage } from "../config-file.ts";
import { ImportError } from "./result.ts";

/**
 * The text of a file, without its byte order mark.
 * @param before what its errors begin with
 * @throws ImportError if it cannot be read, or is no text
 */
export function readSource(path: string, before = `${path}: `): string {
  const text = readDisk(path, before);
  // What is read as UTF-8 and is UTF-16, or a program, an archive or a certificate, is full of these.
  if (text.includes("\0")) throw new ImportError(`${before}is no text in UTF-8: it has a byte of zero`);
  return text.replace(/^\uFEFF/, "");
}

function readDisk(path: string, before: string): string {
  try {
    const bytes = readFileSync(path);
    if (isUtf16(bytes)) throw new ImportError(`${before}is UTF-16, by its byte order mark: save it as UTF-8`);
    return bytes.toString("utf8");
  } catch (error) {
    if (error instanceof ImportError) throw error;
    throw new ImportError(`${before}cannot be read: ${systemMessage(error)}`);
  }
}

function isUtf16([first, second]: Buffer): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}
