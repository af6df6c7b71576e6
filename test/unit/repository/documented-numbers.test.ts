/**
 * Numbers in the docs that are constants of the code: each sentence is put together from the code, and must stand on its
 * page. Who changes the constant finds here what says it; a sentence that is put another way is changed here too. Left
 * out is what the platform sets, what is generated from the configuration's schema, and what was measured.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PROBLEMS } from "../../../src/edge/response/problem.ts";
import { constantsOf } from "../../support/constants.ts";

const WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/** As the pages write it. */
const number = (value: number) => value.toLocaleString("en-US");
const word = (value: number) => WORDS[value] ?? `(no word for ${value})`;
const s = (ms: number) => number(ms / 1_000);
const minutes = (ms: number) => word(ms / 60_000);
const kb = (bytes: number) => number(bytes / 1_024);

const pacer = constantsOf("src/pool/leases/pacer.ts");
const tokenCalls = constantsOf("src/core/rate-limit/token-call-pacer.ts");
const allocator = constantsOf("src/core/rate-limit/rate-allocator.ts");
const shares = constantsOf("src/pool/leases/rate-limits.ts");
const lease = constantsOf("src/core/rate-limit/rate-lease.ts");
const sync = constantsOf("src/edge/sync/sync-state.ts");
const backoff = constantsOf("src/edge/sync/object-backoff.ts");
const notes = constantsOf("src/edge/sync/note-exchange.ts");
const watch = constantsOf("src/contract/verdict-watch.ts");
const watches = constantsOf("src/pool/leases/verdict-watches.ts");
const tokenWaits = constantsOf("src/edge/pool/token-waits.ts");
const leasedLimiter = constantsOf("src/core/rate-limit/leased-limiter.ts");
const strict = constantsOf("src/contract/strict.ts");
const isolates = constantsOf("src/pool/leases/isolates.ts");
const drain = constantsOf("src/pool/origins/drain.ts");
const feed = constantsOf("src/pool/status/status-feed.ts");
const picker = constantsOf("src/pool/leases/strict-picker.ts");
const documents = constantsOf("src/config/canonical.ts");
const kv = constantsOf("src/config/documents.ts");
const store = constantsOf("src/pool/storage/store.ts");
const events = constantsOf("src/pool/storage/event-tables.ts");
const buckets = constantsOf("src/pool/stats/stats-aggregator.ts");
const periods = constantsOf("src/pool/stats/period-stats.ts");
const notifier = constantsOf("src/pool/events/webhook-notifier.ts");
const deploys = constantsOf("sim/lib/deploys.ts");
const absences = constantsOf("sim/lib/absences.ts");
const around = constantsOf("sim/lib/sim-surroundings.ts");
const outages = constantsOf("sim/lib/routes/outages.ts");
const routePromises = constantsOf("sim/lib/routes/promises.ts");
const routeOptions = constantsOf("sim/lib/routes/options.ts");
const probes = constantsOf("src/pool/health/connections.ts");

const planned = pacer("PLANNED_PER_SECOND");
/** That many sync each interval without a queue, in round numbers. */
const uncrowded = Math.floor((planned * pacer("SYNC_INTERVAL_MS")) / 10_000) * 10;
const fineBuckets = buckets("HOUR_MS") / buckets("FINE_BUCKET_MS");
const allBuckets = fineBuckets + buckets("DAY_MS") / buckets("COARSE_BUCKET_MS");
/** A token counts for that long at most: its own time, a second, and what the clocks may be off. */
const tokenMs = lease("LONGEST_TOKEN_MS") + 1_000 + lease("CLOCK_SLACK_MS");
const megabytes = documents("MOST_DOCUMENT_BYTES") / 1_000_000;

/** How a call is repeated, as a list of seconds: 1, 2, 4. */
function waits(of: (name: string) => number, name: string): string[] {
  const waited = [];
  for (let ms = of(`${name}.firstMs`); ms < of(`${name}.longestMs`); ms *= 2) waited.push(s(ms));
  return [...waited, s(of(`${name}.longestMs`))];
}

const PAGES: Record<string, readonly string[]> = {
  "README.md": [
    `At most ${word(probes("MOST_CONNECTIONS"))} probes run at once`,
    `× \`timeout\` / ${probes("MOST_CONNECTIONS") - probes("KEPT_FOR_PROMPT")} seconds`,
    `waits ${sync("FIRST_SYNC_WAIT_MS")} ms at most`,
    `within a second for up to ${uncrowded} busy isolates`,
    `within n/${planned} seconds`,
    `${store("KEPT_VERSIONS")} versions of each pool and of the routes`,
    `up to ${kb(constantsOf("src/edge/response/tracked-response.ts")("SMALL_BODY_BYTES"))} KB count until their headers`,
  ],
  "docs/coordination.md": [
    `| the first sync | ${sync("FIRST_SYNC_WAIT_MS")} ms |`,
    `| a sync, so that changes count | ${sync("FIRST_SYNC_WAIT_MS")} ms |`,
    `| tokens | ${tokenWaits("LONGEST_TOKEN_WAIT_MS")} ms |`,
    `another pool may serve the request | tokens | ${tokenWaits("LONGEST_CALL_WAIT_MS")} ms |`,
    `| tokens | ${s(tokenWaits("LONGEST_WITHHELD_WAIT_MS"))} s |`,
    `and ${s(tokenWaits("AFTER_WITHHELD_MS"))} s longer`,
    `no request for ${s(leasedLimiter("RELEASED_AFTER_MS"))} s gives`,
    `| the pick of each attempt | ${s(strict("PICK_VALID_MS"))} s |`,
    `syncs every ${s(pacer("SYNC_INTERVAL_MS"))} s,`,
    `at least ${constantsOf("src/edge/sync/sync-reports.ts")("SMALLEST_WANT")} positions`,
    `at most ${pacer("MOST_CALLS_PER_SECOND")} calls a second. It gives each sync a slot in a queue of ${planned} a second ` +
      `(${planned - tokenCalls("FEWEST_TOKEN_CALLS")} in pools with`,
    `| up to ${uncrowded} | ${s(pacer("SYNC_INTERVAL_MS"))} s |`,
    `So beyond ${uncrowded} isolates in one pool`,
    `${pacer("MOST_CALLS_PER_SECOND")} calls a second cannot reach`,
    `a lease of them lasts ${s(lease("LONGEST_LEASE_MS"))} s at most`,
    `depend on tokens, ${tokenCalls("FEWEST_TOKEN_CALLS")} calls a second for all isolates`,
    `leave of ${(tokenCalls("MOST_CALLS") * 1_000) / tokenCalls("CALL_SPAN_MS")} calls a second, in the last ` +
      `${word(tokenCalls("CALL_SPAN_MS") / 1_000)} seconds and the next, and never fewer than ${tokenCalls("FEWEST_TOKEN_CALLS")}`,
    `Up to ${tokenCalls("MOST_FREE_CALLERS")} isolates may call as soon`,
    `have slots of ${word(tokenCalls("SLOT_MS") / 1_000)} seconds`,
    `Tokens count for ${s(Math.ceil(tokenMs / 10) * 10)} s at most`,
    `has its turn to ask again after those ${s(Math.ceil(tokenMs / 10) * 10)} s`,
    `An isolate whose pace is longer than ${s(sync("CROWDED_PACE_MS"))} s, and`,
    `come back after more than ${s(watches("WATCHED_PACE_MS"))} s`,
    `more than ${tokenCalls("FEWEST_TOKEN_CALLS")} calls for tokens a second, and for ${s(tokenCalls("CALL_SPAN_MS"))} s after`,
    `within ${s(watch("OFFER_MS"))} s, or another one is asked. A watch ends after ${s(watch("LONGEST_WATCH_MS"))} s`,
    `${s(watches("OVERLAP_MS"))} s earlier another isolate is asked`,
    `a call in ${s(watch("LONGEST_WATCH_MS") - watches("OVERLAP_MS"))} to ${s(watch("LONGEST_WATCH_MS"))} s`,
    `asked ${watches("OFFERS_PER_SECOND")} times a second at most`,
    `after ${s(watch("LONGEST_WATCH_MS") - watches("OVERLAP_MS"))} s, or with the next report from there`,
    `for ${s(notes("MOST_LOOKS") * notes("LOOK_MS"))} s after their last request at most`,
    `at most ${number(allocator("MOST_ALLOCATIONS"))} for each origin and ${number(shares("MOST_IN_ALL"))} in all`,
    `never more than ${pacer("MOST_CALLS_PER_SECOND")} calls in a second`,
    `sends its last report after ${s(sync("LONGEST_SCHEDULE_MS"))} s`,
    `two of its paces and ${s(isolates("LAPSE_SLACK_MS"))} s`,
    `which takes ${s(drain("NOTICE_MS"))} s, in a crowd`,
    `older than ${s(pacer("SYNC_INTERVAL_MS") + sync("STALE_MS"))} s is not used`,
    `asks again after ${s(backoff("usual.firstMs"))} s, ${waits(backoff, "usual").slice(1).join(", ")} s, each`,
    `asks again after ${s(backoff("overloaded.firstMs"))} s, ${waits(backoff, "overloaded").slice(1).join(", ")} s, spread`,
    `after ${s(sync("CALL_TIMEOUT_MS"))} s (a pick after ${s(strict("PICK_VALID_MS"))} s)`,
    `keeps it for ${minutes(isolates("REMEMBERED_MS"))} minutes after`,
    `at most ${word(1_000 / feed("LEAST_INTERVAL_MS"))} times a second, and every ${s(feed("HEARTBEAT_MS"))} s`,
    `in ${s(feed("RETRIES.firstMs"))} s, 2, 4 and so on`,
    `drops all others after ${s(picker("SETTLED_MS"))} s`,
  ],
  "docs/rate-limits.md": [
    `earlier leases have ended, ${s(lease("LONGEST_LEASE_MS"))} seconds later at most`,
    `lasts ${s(lease("SHORTEST_LEASE_MS"))} seconds, or`,
    `${s(lease("SHORTEST_LEASE_MS") + 1_000)} seconds later as a rule`,
    `two round trips (${allocator("SHORTEST_TOKEN_MS")} to ${lease("LONGEST_TOKEN_MS")} ms)`,
    `and ${constantsOf("src/core/rate-limit/fair-share.ts")("MOST_RESERVED")} a second for each origin`,
    `is ${lease("CLOCK_SLACK_MS")} ms longer`,
    `without requests for ${s(leasedLimiter("RELEASED_AFTER_MS"))} seconds give it up`,
    `More than ${tokenCalls("MOST_FREE_CALLERS")} isolates may each ask only in a slot of ${word(tokenCalls("SLOT_MS") / 1_000)} seconds`,
  ],
  "docs/forwarding.md": [
    ...Object.entries(PROBLEMS).map(([type, { status }]) => `| ${status} | \`${type}\` |`),
    `\`Retry-After: ${constantsOf("src/edge/proxy.ts")("RETRY_AFTER_S")}\``,
    `${kb(constantsOf("src/edge/forward/attempt.ts")("LARGE_HEAD"))} KB or more together`,
    `a status above ${constantsOf("src/edge/response/tracked-response.ts")("HIGHEST_STATUS")} goes through untouched`,
    `read first up to ${kb(constantsOf("src/edge/forward/exchange.ts")("SMALL_BODY_BYTES"))} KB`,
    `cut off after ${s(constantsOf("src/edge/response/websocket-relay.ts")("CLOSING_MS"))} s`,
  ],
  "docs/global.md": [
    // What the edge spreads a crowd to is what an object plans.
    `about ${constantsOf("src/edge/forward/pool-failover.ts")("CALLS_PER_SECOND")} of them a second`,
    `about ${planned} of them a second`,
    `default \`overprovisioning\` of ${constantsOf("src/contract/pool-status.ts")("DEFAULT_OVERPROVISIONING")}`,
  ],
  "docs/affinity.md": [
    `the first ${8 * constantsOf("src/platform/affinity-tokens.ts")("TOKEN_BYTES")} bits of HMAC-SHA-256`,
    `the last ${word(constantsOf("src/core/affinity/pool-tag.ts")("TAG_LENGTH"))} base-36 digits`,
    `up to ${word(constantsOf("src/platform/session-cookie.ts")("MOST_PARTS"))} such parts`,
    `An origin has ${constantsOf("src/core/hash/consistent-hash.ts")("DEFAULT_VIRTUAL_NODES")} points on the ring`,
    `at most ${number(
      constantsOf("src/core/hash/consistent-hash.ts")("DEFAULT_VIRTUAL_NODES") *
        constantsOf("src/core/algorithms/ring-hash.ts")("MOST_MEAN_WEIGHTS"),
    )}; so 1000:1000`,
  ],
  "docs/storage.md": [
    `A listing is made once in ${minutes(constantsOf("src/pool/routes/pool-index.ts")("LIST_EVERY_MS"))} minutes`,
    `at most ${number(documents("MOST_DOCUMENT_BYTES"))} bytes and ${documents("MOST_DEPTH")} levels`,
    `and layout, ${number(documents("MOST_DOCUMENT_BYTES"))} bytes at most`,
    `${constantsOf("src/pool/config/config-state.ts")("MOST_PAST")} entries of the past at most`,
    `was not told yet, at most ${notifier("MOST_WAITING")} `,
    `The last ${store("KEPT_VERSIONS")} are kept.`,
    `The last ${number(events("KEPT_EVENTS"))} are kept, each with at most ${number(events("LONGEST_DETAIL"))} characters`,
    `the table has at most ${allBuckets} rows`,
    `| 0 to ${fineBuckets - 1} | fine buckets: ${s(buckets("FINE_BUCKET_MS"))} s each, for an hour |`,
    `| ${fineBuckets} to ${allBuckets - 1} | coarse buckets: ${buckets("COARSE_BUCKET_MS") / 60_000} min each, for a day;`,
    `at most ${s(buckets("FINE_BUCKET_MS"))} s of reports`,
    `${s(constantsOf("src/pool/controller.ts")("STATISTICS_PATIENCE_MS"))} s more once traffic has stopped`,
    `| origins with latencies of their own | ${periods("SKETCHED_ORIGINS")} in each period`,
    `| a period's counts, as text | ${number(periods("SUMMARY_CHARS"))} characters`,
    `| a period in all, as text | ${number(periods("PERIOD_CHARS"))} characters`,
    `| totals, as text | ${number(periods("TOTALS_CHARS"))} characters`,
    `| the busiest ${constantsOf("src/pool/stats/history.ts")("SHOWN_ORIGINS")}; the bucket's own`,
    `| an alarm each ${s(constantsOf("src/pool/origins/origin-drains.ts")("DRAIN_STEP_MS"))} s |`,
  ],
  "docs/operations.md": [
    `The last ${store("KEPT_VERSIONS")} configurations of each pool`,
    `the busiest ${periods("CLIENT_KEYS")} routes of a pool`,
    `cover the last ${word(constantsOf("src/pool/stats/pool-stats.ts")("RECENT_S") / 60)} minutes`,
    `comes within ${s(notifier("TIMEOUT_MS"))} s with a status`,
    `it is sent again, after ${s(notifier("RETRIES.firstMs"))} s, 2 s`,
    `${word(notifier("MOST_TRIES"))} times in all.`,
    `At most ${notifier("MOST_WAITING")} notifications wait.`,
    `of at most ${megabytes} MB; at most ${number(constantsOf("src/config/routes-schema.ts")("MAX_ROUTES"))} routes |`,
    `paces isolates to ${pacer("MOST_CALLS_PER_SECOND")} a second`,
    `an hour by ${s(buckets("FINE_BUCKET_MS"))} s, a day by ${buckets("COARSE_BUCKET_MS") / 60_000} min; ` +
      `${number(events("KEPT_EVENTS"))} events and ${store("KEPT_VERSIONS")} versions`,
    `busy isolate, ${pacer("MOST_CALLS_PER_SECOND")} a second at most`,
    `reads the routes every ${s(constantsOf("src/edge/sync/route-cache.ts")("FRESH_MS"))} s; ` +
      `a busy pool's object reads its document every ${s(constantsOf("src/pool/pool-runtime.ts")("CONFIG_CHECK_MS"))} s`,
    `adds to a log line (${constantsOf("scripts/lib/cost/usage.ts")("ADDED_BYTES")}), and a span of a trace ` +
      `(${constantsOf("scripts/lib/cost/usage.ts")("SPAN_BYTES") / 1_000} kB)`,
  ],
  "docs/security.md": [
    `${constantsOf("src/admin/auth/sign-in.ts")("MOST_FORM_BYTES") / 1_000} KB for the form, ${megabytes} MB behind`,
  ],
  "docs/admin-api.md": [
    `| more than ${megabytes} MB |`,
    `The last ${store("KEPT_VERSIONS")} versions and ${number(events("KEPT_EVENTS"))} events are kept.`,
    `the last hour by ${s(buckets("FINE_BUCKET_MS"))} s, or the last day by ${buckets("COARSE_BUCKET_MS") / 60_000} min`,
    `of the last ${constantsOf("src/pool/admin/state-reasons.ts")("FAILURES_WINDOW_S") / 60} minutes`,
    `up to ${minutes(constantsOf("src/admin/auth/login-throttle.ts")("WAITS.longestMs"))} minutes, good token or not`,
  ],
  "docs/architecture.md": [
    `for ${sync("FIRST_SYNC_WAIT_MS")} ms at most`,
    `at or under ${pacer("MOST_CALLS_PER_SECOND")} calls a second`,
    `nothing; after ${minutes(kv("KV_PAST_MS"))} minutes the configuration shows an error`,
    `no document for ${minutes(kv("KV_PAST_MS"))} minutes, and`,
  ],
  "docs/dashboard.md": [
    `the last ${constantsOf("src/contract/live.ts")("LIVE_WINDOW_S")} to ${2 * constantsOf("src/contract/live.ts")("LIVE_WINDOW_S")} seconds`,
    `for ${constantsOf("src/admin/auth/session.ts")("SESSION_MS") / 3_600_000} hours`,
  ],
  "docs/simulation.md": [
    `over ${pacer("MOST_CALLS_PER_SECOND")} a second in any ${word(constantsOf("sim/lib/results.ts")("LOAD_SPAN_S"))} seconds`,
    `random picks, by ${word(constantsOf("sim/lib/split.ts")("MOST_SIGMAS"))} standard deviations`,
    `${100 * deploys("MOST_REFUSED")}% more are refused in the ${word(deploys("SPAN_MS") / 1_000)} seconds after it`,
    `before ${word(absences("QUIET_MS") / 1_000)} seconds without one`,
    `it gets ${100 * absences("BACK_SHARE")}% of what`,
    `The object takes ${constantsOf("sim/lib/call-line.ts")("CALL_MS")} ms a call`,
    `came more than ${outages("LEFT_WITHIN_MS") / 1_000} s after a pool's object had said so`,
    `with more than ${routePromises("MOST_ISOLATES_AT_ONCE")} isolates, with over ${100 * routePromises("MOST_LOSS")}% of the messages`,
    `\`--clients\` are ${number(routeOptions("DEFAULT_CLIENTS"))},`,
    `a cache that answers in ${2 * around("CACHE_MS")} ms`,
    `KV answers in ${around("KV_READ_MS")} ms`,
  ],
  "docs/request-log.md": [
    `at most ${number(constantsOf("src/edge/log/access-log.ts")("LONGEST_PATH"))} characters`,
    `at most ${constantsOf("src/core/metrics/client-counts.ts")("LONGEST_KEY")} characters`,
    `; ${constantsOf("src/edge/log/access-log.ts")("CLIENT_CLOSED_STATUS")} if it left`,
  ],
};

/** Lines and columns of a table are the formatter's. */
const text = (page: string) =>
  readFileSync(new URL(`../../../${page}`, import.meta.url), "utf8").replace(/\s+/g, " ");

describe.each(Object.entries(PAGES))("%s has the numbers of the code", (page, sentences) => {
  it.each(sentences)("%s", (sentence) => {
    expect(text(page)).toContain(sentence);
  });
});
