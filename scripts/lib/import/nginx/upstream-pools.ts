/**
 * The pools of the result: what servers pass requests on to.
 * @module
 */
import { isIP } from "node:net";
import type { Findings } from "../findings.ts";
import type { Action } from "../model.ts";
import { wholeWeights } from "../numbers.ts";
import type { ImportOptions, Scheme } from "../origin-url.ts";
import { type HealthCheckDocument, PoolBook } from "../result.ts";
import type { Directive } from "./parser.ts";
import type { Pass } from "./pass.ts";
import { poolOf } from "./pool.ts";
import { failoverOf, reportSettings } from "./proxy.ts";
import { NO_SCOPE, type Scope } from "./scope.ts";
import { plainServer, type Upstream } from "./upstream.ts";
import type { ClientSplit } from "./upstreams.ts";

const MAX_WEIGHT = 1_000_000;

/** What servers name. */
export interface Named {
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly splits: ReadonlyMap<string, ClientSplit>;
  /** By the name of what is checked, as `proxy_pass` has it. */
  readonly healthChecks: ReadonlyMap<string, HealthCheckDocument>;
}

export class UpstreamPools {
  readonly pools = new PoolBook();
  readonly #named: Named;
  readonly #options: ImportOptions;
  readonly #findings: Findings;
  /** The id that an upstream got first. */
  readonly #used = new Map<string, string>();

  constructor(named: Named, options: ImportOptions, findings: Findings) {
    this.#named = named;
    this.#options = options;
    this.#findings = findings;
  }

  /** @returns null if it goes nowhere a pool could be made of, which is reported */
  actionOf(pass: Pass, scope: Scope): Pick<Action, "pool" | "split"> | null {
    if (!pass.host.startsWith("$")) {
      const pool = this.#poolOf(pass, scope);
      return pool === null ? null : { pool };
    }
    const split = this.#named.splits.get(pass.host.slice(1));
    if (split === undefined) {
      const message = `proxy_pass ${pass.directive.args[0]}: where it goes is only known when a request comes`;
      this.#findings.todo(
        pass.directive.at,
        `${message}; such requests are answered 404: write the route by hand`,
      );
      return null;
    }
    this.#findings.changed(split.at, "split_clients: the client's address decides, by another hash");
    const weights = wholeWeights(
      split.parts.map(({ percent }) => percent),
      MAX_WEIGHT,
    );
    const items = split.parts.flatMap(({ value }, index) => {
      const pool = this.#poolOf({ ...pass, host: value }, scope);
      return pool === null ? [] : [{ pool, weight: weights[index] ?? 0 }];
    });
    return items.length === 0 ? null : { split: items };
  }

  /** Pools for the upstreams that nothing uses but what speaks another protocol. */
  addUnused(others: ReadonlySet<string>): void {
    for (const upstream of this.#named.upstreams.values()) {
      const { name, servers, at } = upstream;
      if (this.#used.has(name) || servers.length === 0) continue;
      if (others.has(name))
        this.#findings.todo(at, `upstream ${name}: origins are spoken to by HTTP only; it is left out`);
      else this.#pool(upstream, "http", NO_SCOPE);
    }
  }

  #poolOf({ host, port, scheme, directive }: Pass, scope: Scope): string | null {
    const known = port === "" ? this.#named.upstreams.get(host) : undefined;
    const upstream = known ?? this.#implicit(host, port, scheme, directive);
    if (upstream.servers.length > 0) return this.#pool(upstream, scheme, scope);
    this.#findings.todo(
      upstream.at,
      `upstream ${upstream.name} has no servers: such requests are answered 404`,
    );
    return null;
  }

  /** What nginx makes of a `proxy_pass` to an address that is no upstream. */
  #implicit(host: string, port: string, scheme: Scheme, directive: Directive): Upstream {
    const own = scheme === "https" ? 443 : 80;
    const name = port === "" || port === `:${own}` ? host : `${host}${port}`;
    const isMissing = !/[.:]/.test(host) && isIP(host) === 0 && host !== "localhost";
    const server = plainServer(`${host}${port}`, directive, own);
    return { name, at: directive.at, servers: [{ ...server, isMissing }] };
  }

  #pool(upstream: Upstream, scheme: Scheme, scope: Scope): string {
    const findings = this.#findings;
    const { name, servers } = upstream;
    reportSettings(scope.settings, findings);
    const use = {
      scheme: this.#options.scheme ?? scheme,
      healthCheck: this.#named.healthChecks.get(name) ?? null,
      failover: failoverOf(scope.settings, servers.filter(({ down }) => !down).length, findings),
    };
    const id = this.pools.idOf(name, poolOf(upstream, use, this.#options, findings));
    const first = this.#used.get(name) ?? id;
    this.#used.set(name, first);
    if (id !== first) {
      findings.changed(
        upstream.at,
        `upstream ${name} is also written as ${id}: scheme and failover are a pool's here`,
      );
    }
    return id;
  }
}
