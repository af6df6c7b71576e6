/**
 * What a location does with a request that it gets.
 * @module
 */
import type { Findings } from "../findings.ts";
import { type Action, closed } from "../model.ts";
import { answerIn, answerOf, isToHttps } from "./answers.ts";
import { byAddress, byMethod, FORBIDDEN, isClosedToAll, reportGates, type Serving } from "./gates.ts";
import { requestHeaders, responseHeaders } from "./headers.ts";
import { reportUnknown } from "./known.ts";
import type { Location } from "./locations.ts";
import type { Directive } from "./parser.ts";
import { passOf } from "./pass.ts";
import { rewriteFor } from "./rewrite.ts";
import { ACCESS } from "./scope.ts";
import type { UpstreamPools } from "./upstream-pools.ts";

/** What speaks something else than HTTP to an upstream. */
export const OTHER_PROTOCOLS = /^(fastcgi|grpc|memcached|scgi|uwsgi)_pass$/;

/** Statuses of nginx's own when no origin answers. */
const UNREACHABLE: ReadonlySet<string> = new Set(["502", "503", "504"]);

/** What locations of one server need beside themselves. */
export interface Surroundings {
  readonly upstreamPools: UpstreamPools;
  /** `location @name`, by name. */
  readonly named: ReadonlyMap<string, Location>;
  /** True: the server is asked by http only. */
  readonly isHttpOnly: boolean;
  /** Hosts that other servers have by https. */
  readonly tlsHosts: ReadonlySet<string | null>;
  readonly findings: Findings;
}

/** Says once what each location of a server does. */
export class LocationReader {
  readonly #around: Surroundings;
  readonly #known = new Map<Location, readonly Serving[]>();
  readonly #usedNames = new Set<string>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** What becomes of a request that `location` gets; the first one that matches. */
  servingOf(location: Location): readonly Serving[] {
    const known = this.#known.get(location);
    if (known !== undefined) return known;
    // For named locations that lead to each other.
    this.#known.set(location, []);
    const serving = this.#read(location);
    this.#known.set(location, serving);
    return serving;
  }

  reportUnusedNames(): void {
    for (const [name, { at }] of this.#around.named) {
      if (!this.#usedNames.has(name))
        this.#around.findings.leftOut(at, `location ${name}: no location sends on to it`);
    }
  }

  #read(location: Location): readonly Serving[] {
    const { block, label, at, scope } = location;
    const { findings } = this.#around;
    if (block.some(({ name }) => name === "internal")) {
      findings.changed(at, `${label}: internal: stays closed, 404`);
      return [{ where: null, action: closed() }];
    }
    const answer = answerIn(block);
    if (answer !== null) return [{ where: null, action: this.#answer(answer, location) }];
    reportConditions(block, label, findings);
    const proxyPass = block.find(({ name }) => name === "proxy_pass");
    if (proxyPass !== undefined) return this.#passedOn(location, proxyPass);
    const named = block.some(isOtherContent) ? null : this.#named(withoutFile(location));
    if (named === null) return this.#unserved(location);
    findings.todo(at, `${label}: no files are looked for; all requests go where ${named.uri} sends them`);
    const serving = this.servingOf(named);
    const isInherited = scope.settings.get(ACCESS) === named.scope.settings.get(ACCESS);
    return isInherited ? serving : byAddress(serving, scope, findings);
  }

  #answer(directive: Directive, { label, scope }: Location): Action {
    const { findings, isHttpOnly, tlsHosts } = this.#around;
    if (isHttpOnly && isToHttps(directive, scope, tlsHosts)) {
      findings.todo(
        directive.at,
        `${label}: sent clients from http to https: turn on Always Use HTTPS for the zone`,
      );
      return closed();
    }
    const action = answerOf(directive, label, scope, findings);
    const isClosed = action.respond?.status === 404 && action.respond.body === undefined;
    return isClosed ? action : { ...action, ...responseHeaders(scope, findings) };
  }

  #passedOn(location: Location, directive: Directive): readonly Serving[] {
    const { block, scope, label } = location;
    const { findings, upstreamPools } = this.#around;
    const pass = passOf(directive, scope);
    if (pass === null) {
      const message = `${label}: proxy_pass ${directive.args[0]}: where it goes is only known when a request comes`;
      findings.todo(directive.at, `${message}; such requests are answered 404: write the route by hand`);
    }
    const destination = pass === null ? null : upstreamPools.actionOf(pass, scope);
    if (pass === null || destination === null) return [{ where: null, action: closed() }];
    reportGates(scope, findings);
    reportUnknown(block, findings);
    const action = {
      ...destination,
      ...this.#fallback(location),
      ...requestHeaders(scope, findings),
      ...responseHeaders(scope, findings),
      ...rewriteFor(pass, location, findings),
    };
    return byAddress(byMethod([{ where: null, action }], block, findings), scope, findings);
  }

  /** The pool that `error_page ... @name` leads to. */
  #fallback({ scope, label }: Location): Pick<Action, "fallback_pool"> {
    const { findings } = this.#around;
    for (const { args, at } of scope.settings.get("error_page") ?? []) {
      const named = this.#named(args.at(-1));
      if (named?.scope === scope) continue;
      if (named === null) {
        findings.leftOut(
          at,
          `error_page ${args.join(" ")}: errors of origins and of this balancer are passed on`,
        );
        continue;
      }
      const [first] = this.servingOf(named);
      const written = `${label}: error_page ${args.join(" ")}`;
      const pool = args.some((code) => UNREACHABLE.has(code)) ? first?.action.pool : null;
      if (pool === undefined || pool === null)
        findings.todo(at, `${written}: has no counterpart: errors are passed on`);
      else {
        const message = `becomes fallback_pool ${pool}: it gets requests when no origin is eligible, not after an answer such as 502`;
        findings.todo(at, `${written}: ${message}; for that write "pools" in the place of both`);
        return { fallback_pool: pool };
      }
    }
    return {};
  }

  #named(name = ""): Location | null {
    const location = this.#around.named.get(name) ?? null;
    if (location !== null) this.#usedNames.add(name);
    return location;
  }

  #unserved({ block, label, at, scope, paths }: Location): readonly Serving[] {
    if (isClosedToAll(scope)) return [{ where: null, action: closed(FORBIDDEN) }];
    // Where no route can name them, another finding says where they go.
    const instead = paths === null ? "" : "; such requests are answered 404 here";
    const other = block.find(isOtherContent);
    const condition = block.find(({ name, block: inner }) => name === "if" && inner?.some(isProxyPass));
    const rewrite = block.find(({ name }) => name === "rewrite");
    const say = (place: string, why: string) => this.#around.findings.todo(place, `${label}: ${why}`);
    if (other !== undefined) {
      const why = other.name.startsWith("content")
        ? "Lua does not run here"
        : "origins are spoken to by HTTP only";
      say(other.at, `${other.name}: ${why}${instead}`);
    } else if (condition !== undefined) {
      say(at, `passed on under a condition only${instead}: write the route by hand`);
    } else if (rewrite !== undefined) {
      say(
        rewrite.at,
        `rewrite ${rewrite.args.join(" ")}: is not done here${instead}: write the route by hand`,
      );
    } else say(at, `nginx answered itself, with files${instead}: put them at an origin, and name its pool`);
    return [{ where: null, action: closed() }];
  }
}

function isOtherContent({ name }: Directive): boolean {
  return OTHER_PROTOCOLS.test(name) || name.startsWith("content_by_lua");
}

function isProxyPass({ name }: Directive): boolean {
  return name === "proxy_pass";
}

/** What gets a request for which there is no file. */
function withoutFile({ block, scope }: Location): string | undefined {
  const tried = block.find(({ name }) => name === "try_files");
  const errors = scope.settings.get("error_page") ?? [];
  return (tried ?? errors.find(({ args }) => args.includes("404")))?.args.at(-1);
}

/** What happens under an `if` does not happen here. */
export function reportConditions(block: readonly Directive[], label: string, findings: Findings): void {
  for (const { name, args, at, block: inner } of block) {
    if (name !== "if") continue;
    const does = (inner ?? []).map((each) => [each.name, ...each.args].join(" ")).join("; ");
    const message = `what was done under this condition (${does}) is not done here: write a route with "where" by hand`;
    findings.todo(at, `${label}: if ${args.join(" ")}: ${message}`);
  }
}
