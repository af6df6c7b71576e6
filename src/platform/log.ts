/**
 * Structured log lines: one JSON object a line, as Workers Logs indexes them.
 * @module
 */

export function logLine(entry: Record<string, unknown>): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), ...entry }));
}
