/** Which sites become routes, against a plain comparison of each host with each other. */
import { expect, test } from "vitest";
import { Findings } from "../../../scripts/lib/import/findings.ts";
import { closed, type Rule, type Site } from "../../../scripts/lib/import/model.ts";
import { compareHosts, includes, routesOf } from "../../../scripts/lib/import/routes.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const SEED = 20_261_201;
const to = (pool: string, path: string | null = null): Rule => ({ path, where: null, action: { pool } });
const CLOSED: Rule = { path: null, where: null, action: closed() };
/** Sites share these, as those of one server do. */
const RULES: readonly (readonly Rule[])[] = [
  [to("a")],
  [to("b")],
  [to("a", "/x/*")],
  [CLOSED],
  [to("b", "/x/*"), CLOSED],
];
const HOSTS = [
  "a.t",
  "b.t",
  "*.t",
  "a.b.t",
  "*.b.t",
  "c.b.t",
  "*.a.b.t",
  "x.a.b.t",
  "ab.t",
  "*.u",
  "b.u",
  null,
];

/** Each route as `host path pool`. */
function plainRoutes(sites: readonly Site[]): string[] {
  const entries = sites.flatMap(({ hosts, rules }) => hosts.map((host) => ({ host, rules })));
  const first = entries.filter(({ host }, n) => entries.findIndex((each) => each.host === host) === n);
  const ordered = first.toSorted((one, other) => compareHosts(one.host, other.host));
  return ordered.flatMap(({ host, rules }) => {
    const wider = ordered.filter((each) => each.host !== host && includes(each.host, host));
    if (wider[0]?.rules === rules) return [];
    const isOpen = (list: readonly Rule[]) => list.some(({ action }) => action.pool !== undefined);
    const isCaught = wider.some((each) => isOpen(each.rules));
    const isWhole = rules.some(({ path }) => path === null);
    const end = isCaught ? rules.length : rules.findLastIndex(({ action }) => action.pool !== undefined) + 1;
    const written = [...rules.slice(0, end), ...(isCaught && !isWhole ? [CLOSED] : [])];
    return written.map(({ path, action }) => `${host} ${path} ${action.pool ?? "closed"}`);
  });
}

const routesAt = (sites: readonly Site[]) =>
  routesOf(sites, ["a", "b"], new Findings()).map(
    ({ host = null, path = null, pool = "closed" }) => `${host} ${path} ${pool}`,
  );

test(`sites in any order and of any hosts become the routes that a plain comparison says (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  for (let run = 0; run < 2_000; run++) {
    const sites = Array.from({ length: 1 + Math.floor(random() * 8) }, () => ({
      hosts: [oneOf(HOSTS), oneOf(HOSTS)],
      rules: oneOf(RULES),
    }));
    expect(routesAt(sites), JSON.stringify(sites)).toEqual(plainRoutes(sites));
  }
});

test("20,000 wildcards that are served as all other hosts are need no routes", () => {
  const rules = [to("a")];
  const sites = Array.from({ length: 20_000 }, (_, n) => ({ hosts: [`*.h${n}.t`], rules }));
  expect(routesAt([...sites, { hosts: [null], rules }])).toEqual(["null null a"]);
});
