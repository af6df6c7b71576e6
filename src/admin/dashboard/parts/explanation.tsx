/**
 * The decision about a request, step by step.
 * @module
 */
import type { CandidateExplanation, PoolExplanation } from "../../../contract/admin.ts";
import { count, jsonText } from "../lib/format.ts";
import { href } from "../lib/place.ts";
import { Badge, Mark } from "./mark.tsx";
import { Scroll } from "./scroll.tsx";

/** As `POST /explain` answers. */
interface Explained extends Omit<PoolExplanation, "candidates"> {
  candidates: (Omit<CandidateExplanation, "left_out"> & { kept: boolean; reason: string })[];
}

export type Answer =
  | { route: null; pool: null }
  | (Explained & {
      route: { index: number; route: unknown; fallback_pool: string | null };
      fallback: Explained | null;
    });

export function Explanation({ answer }: { answer: Answer }) {
  if (answer.pool === null) {
    return (
      <p class="verdict tone-bad">
        <Mark tone="bad" />
        <span>
          <b>No route matches.</b> The client gets 404.
        </span>
      </p>
    );
  }
  const { route, fallback } = answer;
  const taken = answer.pick === null && fallback !== null ? fallback : answer;
  return (
    <section aria-labelledby="decision">
      <h2 id="decision">Decision</h2>
      <p class={`verdict tone-${taken.pick === null ? "bad" : "good"}`}>
        <Mark tone={taken.pick === null ? "bad" : "good"} />
        <span>
          <Pick explained={taken} />
        </span>
      </p>
      <ol class="steps">
        <li>
          <b>Route</b>{" "}
          {route.index < 0 ? (
            "There are none, and the only pool takes everything."
          ) : (
            <>
              number {route.index + 1}: <code>{jsonText(withoutNulls(route.route))}</code>
            </>
          )}
        </li>
        <Steps explained={answer} />
        {fallback !== null && (
          <>
            <li>
              <b>Fallback</b> The pool has no origin for it, so the route's fallback pool is asked.
            </li>
            <Steps explained={fallback} />
          </>
        )}
      </ol>
    </section>
  );
}

function Pick({ explained: { pick, pool } }: { explained: Explained }) {
  if (pick === null) {
    return (
      <>
        <b>No origin of {pool} can take it.</b> The client gets 503.
      </>
    );
  }
  const why = pick.reason === "affinity" ? "its session is kept there" : "the algorithm picks it";
  return (
    <>
      It goes to{" "}
      <b>
        {pool} / <a href={href({ pool, origin: pick.origin })}>{pick.origin}</a>
      </b>
      : {why}.{!pick.certain && " Another request may go elsewhere."}
    </>
  );
}

function Steps({ explained }: { explained: Explained }) {
  const { pool, algorithm, coordination, hash_key, affinity, panic, candidates, pick, unknown_here } =
    explained;
  return (
    <>
      <li>
        <b>Pool</b> <a href={href({ pool })}>{pool}</a>, {algorithm}, {coordination}
        {hash_key !== null && (
          <>
            , hashed by <code>{jsonText(hash_key)}</code>
          </>
        )}
        {panic && " (panic: health is ignored, because too few are healthy)"}
      </li>
      <li>
        <b>Sessions</b> {affinityText(affinity)}
      </li>
      <li>
        <b>Origins</b>
        <Scroll label={`Origins of ${pool}`}>
          <table class="candidates">
            <thead>
              <tr>
                <th scope="col">Origin</th>
                <th scope="col">Verdict</th>
                <th scope="col" class="number">
                  Weight
                </th>
                <th scope="col" class="number">
                  In flight
                </th>
              </tr>
            </thead>
            <tbody>
              {candidates.map(({ id, kept, reason, weight, active_connections }) => (
                <tr key={id} class={id === pick?.origin ? "picked" : ""}>
                  <th scope="row">
                    {id} {id === pick?.origin && <span class="badge tone-good">picked</span>}
                  </th>
                  <td>
                    <Badge tone={kept ? "good" : "off"} label={reason.replaceAll("_", " ")} />
                  </td>
                  <td class="number">{weight}</td>
                  <td class="number">{count(active_connections)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </li>
      {unknown_here.length > 0 && <li class="muted">Not known here: {unknown_here.join("; ")}.</li>}
    </>
  );
}

/** A route as its author wrote it, near enough: what is not there is null. */
function withoutNulls(route: unknown): unknown {
  return Object.fromEntries(Object.entries(route ?? {}).filter(([, value]) => value !== null));
}

function affinityText(affinity: Explained["affinity"]): string {
  if (affinity === null) return "are not kept in this pool.";
  const { method, cookie, origin, left_out } = affinity;
  if (method === "ip") return "kept by the client's address.";
  const state = `kept by ${method === "cookie" ? "cookie" : "address and cookie"}; the cookie is ${cookie}`;
  if (origin === null) return `${state}.`;
  return `${state} and names ${origin}${left_out === null ? "" : `, which cannot serve it: ${left_out.replaceAll("_", " ")}`}.`;
}
