import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { balancerName } from "../../src/edge/model/balancer-name.ts";
import type { Env } from "../../src/platform/env.ts";

const { UPSTREAM_POOL, ROUTE_TABLE } = env as unknown as Env;
/** Stands for another deployment, whose objects have other ids. */
const elsewhere = ROUTE_TABLE as unknown as Env["UPSTREAM_POOL"];

describe("the name of a balancer", () => {
  it("is the same within a deployment, and different for another one", () => {
    const name = balancerName({ UPSTREAM_POOL });
    expect(name).toMatch(/^lb-[0-9a-f]{16}$/);
    expect(balancerName({ UPSTREAM_POOL })).toBe(name);
    expect(balancerName({ UPSTREAM_POOL: elsewhere })).not.toBe(name);
  });

  it("does not reveal the id that it is made from", () => {
    const id = UPSTREAM_POOL.idFromName("").toString();
    const digits = balancerName({ UPSTREAM_POOL }).slice("lb-".length);
    for (let at = 0; at + 8 <= digits.length; at++) expect(id).not.toContain(digits.slice(at, at + 8));
  });

  it("is LB_NAME, unless that could not be recognized in a list of names", () => {
    expect(balancerName({ UPSTREAM_POOL, LB_NAME: "eu-1.edge" })).toBe("eu-1.edge");
    for (const LB_NAME of ["", " ", "a, b", "a b", "x".repeat(65)]) {
      expect(balancerName({ UPSTREAM_POOL, LB_NAME })).toMatch(/^lb-/);
    }
  });
});
