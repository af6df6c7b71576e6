/** Which lines of the program's standard error fail a test. */
import { expect, test } from "vitest";
import { unexpectedLines } from "./support/unexpected-lines.ts";

const ORDINARY = [
  "starting the balancer ...",
  "Dashboard      http://127.0.0.1:8787/_lb/",
  "/tmp/x/config.jsonc: applied routes, pool:web",
  '{"time":"2026-11-30T09:00:00.000Z","pool":"web","event":"config_applied","detail":"version 1"}',
  '{"time":"2026-11-30T09:00:00.000Z","request_id":"r","method":"GET","path":"/","pool":"web","why":"client_closed"}',
  '{"event":"sync_failed","pool":"web","detail":"time-out"}',
  "NOSENTRY SQLite alarm overdue, running despite AlarmManager mismatch; actorId = 9b0a",
  "",
];

test("requests, events and the launcher's own lines do not fail a test", () => {
  expect(unexpectedLines(ORDINARY.join("\n"))).toEqual([]);
});

test.each([
  "Uncaught Error: Network connection lost.",
  "workerd/io/worker.c++:1: error: uncaught exception",
  "    at async fetch (index.js:1:1)",
  '{"event":"internal_error","request_id":"r","error":"TypeError: x is not a function"}',
  '{"event":"alarm_failed","pool":"web","error":"Error: broken"}',
  '{"time":"2026-11-30T09:00:00.000Z","pool":"web","event":"config_refused","detail":"bad"}',
  '{"half of a line',
  "NOSENTRY SQLite reschedule later alarm failed; e = broken",
])("%s fails a test that does not expect it", (line) => {
  const said = [...ORDINARY, line, ...ORDINARY].join("\n");
  expect(unexpectedLines(said)).toEqual([line]);
  expect(unexpectedLines(said, [/no such line/])).toEqual([line]);
  expect(unexpectedLines(said, [new RegExp(line.replaceAll(/[^\w ]/g, "."))])).toEqual([]);
});
