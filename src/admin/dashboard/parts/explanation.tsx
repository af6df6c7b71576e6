/**
 * The decision about a request, step by step.
 * @module
 */
import { Fragment } from "hono/jsx/dom";
import type {
  ExplainAnswer,
  ExplainedPool,
  ExplainedRoute,
  NoPoolAnswer,
} from "../../../contract/explain-answer.ts";
import type { PassedRoute, SplitChoice } from "../../../contract/explanation.ts";
import { jsonText } from "../lib/format.ts";
import { href } from "../lib/location.ts";
import { Candidates } from "./candidates.tsx";
import { StatusIcon } from "./status-icon.tsx";
import { Steering } from "./steering.tsx";

export function Explanation({ answer }: { answer: ExplainAnswer }) {
  if (answer.pool === null) {
    return answer.route !== null ? (
      <AnsweredHere route={answer.route} answer={answer} />
    ) : (
      <>
        <p class="verdict tone-bad">
          <StatusIcon tone="bad" />
          <span>
            <b>No route matches.</b> The client gets 404.
          </span>
        </p>
        <PassedOver passed={answer.passed} />
      </>
    );
  }
  const { route, further, passed, steering } = answer;
  const taken = further.at(-1) ?? answer;
  return (
    <section aria-labelledby="decision">
      <h2 id="decision">Decision</h2>
      <p class={`verdict tone-${taken.pick === null ? "bad" : "good"}`}>
        <StatusIcon tone={taken.pick === null ? "bad" : "good"} />
        <span>
          <Pick explained={taken} />
        </span>
      </p>
      <ol class="steps raised">
        <li>
          <b>Route</b>{" "}
          {route.index < 0 ? (
            "There are none, and the only pool takes everything."
          ) : (
            <>
              number {route.index + 1}: <code>{jsonText(withoutNulls(route.route))}</code>
              <SplitText split={route.split} />
              {route.sent_path != null && (
                <p class="muted">
                  Origins see the path <code>{route.sent_path}</code>.
                </p>
              )}
            </>
          )}
          <PassedOver passed={passed} />
        </li>
        {steering !== null && (
          <li>
            <b>Steering</b> <Steering steering={steering} />
          </li>
        )}
        <Steps explained={answer} />
        {further.map((next) => (
          <Fragment key={next.pool}>
            <li>
              <b>Fallback</b> The pool has no origin for it, so{" "}
              {next.pool === route.fallback_pool ? "the route's fallback pool" : `pool ${next.pool}`} is
              asked.
            </li>
            <Steps explained={next} />
          </Fragment>
        ))}
      </ol>
    </section>
  );
}

function AnsweredHere({ route, answer }: { route: ExplainedRoute; answer: NoPoolAnswer }) {
  return (
    <>
      <p class="verdict tone-good">
        <StatusIcon tone="good" />
        <span>
          <b>Its route answers by itself</b>, with status {answer.answer.status}. No origin is asked.
        </span>
      </p>
      <p>
        <b>Route</b> number {route.index + 1}: <code>{jsonText(withoutNulls(route.route))}</code>
      </p>
      <PassedOver passed={answer.passed} />
    </>
  );
}

function Pick({ explained: { pick, pool } }: { explained: ExplainedPool }) {
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

function Steps({ explained }: { explained: ExplainedPool }) {
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
        <Candidates pool={pool} candidates={candidates} picked={pick?.origin ?? null} />
      </li>
      {unknown_here.length > 0 && <li class="muted">Not known here: {unknown_here.join("; ")}.</li>}
    </>
  );
}

function SplitText({ split }: { split: SplitChoice | null }) {
  if (split === null) return null;
  const { client, point, shares } = split;
  const taken = shares.map(({ pool, from, to }) => `${pool} has ${place(from)} to ${place(to)}`).join(", ");
  return (
    <p class="muted">
      The split goes by the client's address{client === "" ? ", which is not known" : ` (${client})`}: it
      falls at {place(point)} of 100; {taken}.
    </p>
  );
}

function place(point: number): string {
  return String(Math.round(point * 100) / 100);
}

/** Routes that come before and do not match: one of them may be the one that was meant. */
function PassedOver({ passed }: { passed: readonly PassedRoute[] }) {
  if (passed.length === 0) return null;
  return (
    <details>
      <summary>Routes that do not match: {passed.length}</summary>
      <ul>
        {passed.map(({ index, label, by, condition }) => (
          <li key={index}>
            {index + 1}. <code>{label}</code>{" "}
            <span class="muted">
              {condition === undefined ? `has another ${by}` : `its condition ${condition} is not met`}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** A route roughly as its author wrote it: absent fields are null. */
function withoutNulls(route: unknown): unknown {
  return Object.fromEntries(Object.entries(route ?? {}).filter(([, value]) => value !== null));
}

function affinityText(affinity: ExplainedPool["affinity"]): string {
  if (affinity === null) return "are not kept in this pool.";
  const { method, cookie, origin, exclusion_reason } = affinity;
  if (method === "ip") return "kept by the client's address.";
  const state = `kept by ${method === "cookie" ? "cookie" : "address and cookie"}; the cookie is ${cookie}`;
  if (origin === null) return `${state}.`;
  return `${state} and names ${origin}${exclusion_reason === null ? "" : `, which cannot serve it: ${exclusion_reason.replaceAll("_", " ")}`}.`;
}
