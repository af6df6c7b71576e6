import { describe, expect, it } from "vitest";
import {
  isConnectFailureStatus,
  type RetryFailure,
  RetryPolicy,
  type RetryRules,
  type RetrySituation,
} from "../../../src/core/retry/retry-policy.ts";
import scenarios from "../fixtures/retry-decisions.json" with { type: "json" };

const RULES: RetryRules = {
  maxAttempts: 3,
  retryOn: ["connect_failure", "timeout", 502, 503, 504],
  retryNonIdempotent: false,
  totalTimeoutMs: 30_000,
};
const SITUATION: RetrySituation = {
  method: "GET",
  hasIdempotencyKey: false,
  bodyReplayable: true,
  attempts: 1,
  failure: "connect_failure",
  elapsedMs: 100,
};

/** "yes", or why not. */
function decide(situation: Partial<RetrySituation>, rules: Partial<RetryRules> = {}): string {
  const verdict = new RetryPolicy({ ...RULES, ...rules }).decide({ ...SITUATION, ...situation });
  return verdict.retry ? "yes" : verdict.why;
}

describe("a method", () => {
  it.each(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])("%s is sent again", (method) => {
    expect(decide({ method })).toBe("yes");
  });

  it.each(["POST", "PATCH", "CONNECT", "LOCK", "get"])("%s is not, but with an Idempotency-Key", (method) => {
    expect(decide({ method })).toBe("not_idempotent");
    expect(decide({ method, hasIdempotencyKey: true })).toBe("yes");
    expect(decide({ method }, { retryNonIdempotent: true })).toBe("yes");
  });

  it.each<RetryFailure>(["connect_failure", "timeout", { status: 502 }, { status: 521 }])(
    "POST is not sent again after %j, for it may have arrived",
    (failure) => {
      expect(decide({ method: "POST", failure })).toBe("not_idempotent");
    },
  );
});

describe("a failure", () => {
  it.each<RetryFailure>(["connect_failure", "timeout", { status: 502 }, { status: 503 }, { status: 504 }])(
    "%j is retried by default",
    (failure) => {
      expect(decide({ failure })).toBe("yes");
    },
  );

  it.each([200, 101, 301, 404, 429, 500, 501, 505, 528, 529, 531])(
    "with status %i is an answer",
    (status) => {
      expect(decide({ failure: { status } })).toBe("not_retriable");
      expect(new RetryPolicy(RULES).isRetriable({ status })).toBe(false);
    },
  );

  it("is only retried if it is on the list", () => {
    expect(decide({ failure: "timeout" }, { retryOn: ["connect_failure"] })).toBe("not_retriable");
    expect(decide({ failure: "connect_failure" }, { retryOn: ["timeout"] })).toBe("not_retriable");
    expect(decide({ failure: { status: 503 } }, { retryOn: [502] })).toBe("not_retriable");
  });

  it("with a status of Cloudflare's for an unreachable origin is a connect failure", () => {
    const statuses = Array.from({ length: 600 }, (_, status) => status).filter(isConnectFailureStatus);
    expect(statuses).toEqual([520, 521, 522, 523, 524, 525, 526, 527, 530]);
    for (const status of statuses) {
      expect(decide({ failure: { status } })).toBe("yes");
      expect(decide({ failure: { status } }, { retryOn: ["timeout", 502] })).toBe("not_retriable");
      expect(decide({ failure: { status } }, { retryOn: [status] })).toBe("yes");
    }
  });
});

describe("a body", () => {
  it("that was streamed and not kept cannot be sent again, whatever the method", () => {
    expect(decide({ method: "PUT", bodyReplayable: false })).toBe("body_sent");
    expect(decide({ method: "POST", hasIdempotencyKey: true, bodyReplayable: false })).toBe("body_sent");
  });
});

describe("the bounds", () => {
  it("end it after the last attempt", () => {
    expect(decide({ attempts: 2 })).toBe("yes");
    expect(decide({ attempts: 3 })).toBe("attempts_spent");
    expect(decide({ attempts: 1 }, { maxAttempts: 1 })).toBe("attempts_spent");
  });

  it("end it when the total time is up", () => {
    expect(decide({ elapsedMs: 29_999 })).toBe("yes");
    expect(decide({ elapsedMs: 30_000 })).toBe("time_spent");
  });
});

const ANY_5XX = Array.from({ length: 100 }, (_, i) => 500 + i);

describe("scenarios of other balancers", () => {
  it.each(scenarios as Scenario[])("$id: $scenario", (scenario) => {
    const policy = new RetryPolicy({
      maxAttempts: scenario.max_attempts,
      retryOn: scenario.retry_on === "any 5xx" ? ANY_5XX : scenario.retry_on,
      retryNonIdempotent: scenario.retry_non_idempotent ?? false,
      totalTimeoutMs: scenario.total_timeout_ms ?? 30_000,
    });
    let attempts = 0;
    for (const result of scenario.results) {
      attempts++;
      const failure = typeof result === "number" ? { status: result } : result;
      const elapsedMs = attempts * (scenario.attempt_ms ?? 0);
      const verdict = policy.decide({ ...SITUATION, method: scenario.method, attempts, failure, elapsedMs });
      if (!verdict.retry) break;
    }
    expect(attempts).toBe(scenario.attempts);
  });
});

interface Scenario {
  id: string;
  scenario: string;
  method: string;
  retry_on: RetryRules["retryOn"] | "any 5xx";
  max_attempts: number;
  /** How the attempts end, in order; the policy must ask for all of them and no more. */
  results: ("connect_failure" | "timeout" | number)[];
  attempts: number;
  retry_non_idempotent?: boolean;
  total_timeout_ms?: number;
  attempt_ms?: number;
}
