import { describe, expect, test } from "vitest";
import { type ClientsStatus, clientLines } from "../../../scripts/lib/status-clients.ts";
import { MARKED, PLAIN } from "../../support/plain-paint.ts";

type Figures = NonNullable<ClientsStatus["clients"]>;

const NO_ANSWERS = { "1xx": 0, "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0, other: 0 };

function figures(more: Partial<Figures>): Figures {
  const requests = more.requests ?? 0;
  return {
    requests,
    failed: 0,
    availability: 1,
    answers: { ...NO_ANSWERS, "2xx": requests },
    client_closed: 0,
    problems: {},
    routes: [],
    hosts: [],
    p50: 12,
    p90: 20,
    p99: 140,
    seconds: 10,
    requests_per_second: requests / 10,
    failed_per_second: 0,
    ...more,
  };
}

const lines = (clients: Partial<Figures>, unrouted: Partial<Figures> = {}) =>
  clientLines({ clients: figures(clients), unrouted: figures(unrouted) }, PLAIN);

describe("what clients got, as the first lines of status", () => {
  test("one line where all is well", () => {
    expect(lines({ requests: 1_420, client_closed: 2 })).toEqual([
      "Clients   100.00% served   142 answers/s   p50 12ms   p99 140ms   2 clients left early",
    ]);
  });

  test("nothing, and nothing known", () => {
    expect(lines({})).toEqual(["Clients   no answers"]);
    expect(clientLines({ clients: null, unrouted: null }, PLAIN)).toEqual([
      "Clients   nothing is known: no object answers",
    ]);
  });

  test("why answers failed, by whom, and on which routes, the worst first", () => {
    const routes = [
      { key: "api.example.com/*", requests: 40, failed: 12, answers: NO_ANSWERS },
      { key: "", requests: 10, failed: 4, answers: NO_ANSWERS },
      { key: "www.example.com/*", requests: 950, failed: 0, answers: NO_ANSWERS },
    ];
    const problems = { origin_timeout: 3, no_origin_available: 9, no_route: 5 };
    expect(lines({ requests: 1_000, failed: 16, problems, routes })).toEqual([
      "Clients   98.40% served   100 answers/s   p50 12ms   p99 140ms",
      "  16 answers of 1000 failed: no_origin_available 9, origin_timeout 3, answered so by origins 4",
      "    api.example.com/*   12 of 40 failed",
      "    (others)   4 of 10 failed",
    ]);
  });

  test("hosts that were asked for and have no route", () => {
    const hosts = [
      { key: "shop.example.com", requests: 2, failed: 0, answers: NO_ANSWERS },
      { key: "x.test", requests: 1, failed: 0, answers: NO_ANSWERS },
    ];
    expect(lines({ requests: 9 }, { requests: 3, problems: { no_route: 3 }, hosts })[1]).toBe(
      "  3 requests matched no route: shop.example.com 2, x.test 1",
    );
  });

  test.each([
    [0, "green"],
    [9, "yellow"],
    [10, "red"],
  ])("%i failed of 1,000 is %s: never green above 1%%", (failed, colour) => {
    const [first] = clientLines({ clients: figures({ requests: 1_000, failed }), unrouted: null }, MARKED);
    expect(first).toContain(`<${colour}:`);
  });
});
