/**
 * Frontends and backends as programs, and backends as pools.
 * @module
 */
import { ownValue } from "../../../../src/core/own-value.ts";
import type { Findings } from "../findings.ts";
import { type Action, closed } from "../model.ts";
import type { ImportOptions } from "../origin-url.ts";
import { ImportError, PoolBook } from "../result.ts";
import { WHOLE } from "../routes.ts";
import { actionOf, type Changes, type NamedBackend } from "./changes.ts";
import { Acls, type Literal } from "./conditions.ts";
import type { Entrance } from "./criteria.ts";
import type { Program, Programs } from "./decisions.ts";
import { reportOthers } from "./known.ts";
import { poolOf } from "./pool.ts";
import { isDisabled, isHttp, labelOf } from "./ports.ts";
import { lastLine, type ProxySection } from "./sections.ts";
import { serversOf } from "./servers.ts";
import { choosingSteps, ruleSets } from "./steps.ts";

const UNAVAILABLE = 503;

/** What the backends do with a request, and their pools. */
export class Backends implements Programs {
  readonly pools = new PoolBook();
  readonly #proxies: readonly ProxySection[];
  /** Those that take requests from others, by name. */
  readonly #byName: ReadonlyMap<string, ProxySection>;
  readonly #entrance: Entrance;
  readonly #options: ImportOptions;
  readonly #findings: Findings;
  readonly #programs = new Map<ProxySection, Program>();
  /** The pool of each backend; null: it has no server. */
  readonly #ids = new Map<ProxySection, string | null>();

  constructor(
    proxies: readonly ProxySection[],
    entrance: Entrance,
    options: ImportOptions,
    findings: Findings,
  ) {
    this.#proxies = proxies;
    const backends = proxies.filter(({ kind }) => kind !== "frontend");
    this.#byName = new Map(backends.map((each) => [each.name, each]));
    this.#entrance = entrance;
    this.#options = options;
    this.#findings = findings;
  }

  frontend(proxy: ProxySection): Program {
    const source = this.#source(proxy);
    reportOthers(proxy, this.#findings);
    const other = lastLine(proxy, "default_backend");
    return {
      sets: [...ruleSets(source), choosingSteps(source)],
      end: (changes) => {
        if (other !== null) return { name: other.words[1] ?? "", at: other.at };
        return proxy.kind === "listen" ? this.#passedOn(proxy, changes) : closed(UNAVAILABLE);
      },
    };
  }

  backend(named: NamedBackend): Program {
    const proxy = this.#named(named);
    const known = this.#programs.get(proxy);
    if (known !== undefined) return known;
    const isOff = isDisabled(proxy);
    if (isOff)
      this.#findings.todo(proxy.at, `${labelOf(proxy)}: was switched off; requests for it are answered 503`);
    if (!isOff) reportOthers(proxy, this.#findings);
    const program: Program = {
      sets: isOff ? [] : ruleSets(this.#source(proxy)),
      end: (changes) => (isOff ? closed(UNAVAILABLE) : this.#passedOn(proxy, changes)),
    };
    this.#programs.set(proxy, program);
    return program;
  }

  blind({ text }: Literal): void {
    const message = `${text}: reads what a line before it changes; such requests count as not meeting it`;
    this.#findings.todo(WHOLE, message);
  }

  /** The hosts that tests on the way name. */
  hostsOf(program: Program): Set<string> {
    const programs = new Set([program, ...this.#programs.values()]);
    const hosts = new Set<string>();
    for (const { sets } of programs) {
      for (const { condition, outcome } of sets.flat()) {
        if (outcome.kind === "backend") programs.add(this.backend(outcome));
        for (const { meaning } of condition.terms.flat())
          for (const { host } of meaning.alternatives) if (host !== null) hosts.add(host);
      }
    }
    return hosts;
  }

  /** Pools for the backends that no request reaches. */
  addUnused(): void {
    for (const proxy of this.#proxies) {
      if (proxy.kind === "frontend" || !isHttp(proxy) || isDisabled(proxy)) continue;
      if (proxy.kind === "backend") this.backend(proxy);
      this.#poolOf(proxy);
    }
  }

  #source(proxy: ProxySection) {
    return { proxy, acls: new Acls(proxy, this.#entrance), findings: this.#findings };
  }

  #named({ name, at }: NamedBackend): ProxySection {
    const proxy = this.#byName.get(name);
    if (proxy !== undefined) return proxy;
    throw new ImportError(
      `${at}: there is no backend ${name} in these files: give the file that has it as well`,
    );
  }

  #passedOn(proxy: ProxySection, changes: Changes): Action {
    const pool = this.#poolOf(proxy);
    if (pool === null) return closed(UNAVAILABLE);
    const spare = ownValue(changes.fallbacks, proxy.name);
    const fallback = spare === undefined ? null : this.#poolOf(this.#named(spare));
    return { pool, ...(fallback === null ? {} : { fallback_pool: fallback }), ...actionOf(changes) };
  }

  #poolOf(proxy: ProxySection): string | null {
    const known = this.#ids.get(proxy);
    if (known !== undefined) return known;
    const servers = serversOf(proxy);
    const isEmpty = servers.length === 0;
    if (isEmpty && proxy.kind === "backend")
      this.#findings.todo(proxy.at, `${labelOf(proxy)}: has no servers: requests for it are answered 503`);
    const id = isEmpty
      ? null
      : this.pools.idOf(proxy.name, poolOf(proxy, servers, this.#options, this.#findings));
    this.#ids.set(proxy, id);
    return id;
  }
}
