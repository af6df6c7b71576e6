/**
 * The origins that a request could go to, each with why it is kept or left out.
 * @module
 */
import type { ExplainedCandidate } from "../../../contract/explain-answer.ts";
import type { StateReason } from "../../../contract/explanation.ts";
import { clock, count } from "../lib/format.ts";
import { Scroll } from "./scroll.tsx";
import { Badge } from "./status-icon.tsx";

interface CandidatesProps {
  pool: string;
  candidates: readonly ExplainedCandidate[];
  /** Id of the one that is picked. */
  picked: string | null;
}

export function Candidates({ pool, candidates, picked }: CandidatesProps) {
  return (
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
            <th scope="col">Limits</th>
          </tr>
        </thead>
        <tbody>
          {candidates.map((candidate) => (
            <Row key={candidate.id} candidate={candidate} isPicked={candidate.id === picked} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Row({ candidate, isPicked }: { candidate: ExplainedCandidate; isPicked: boolean }) {
  const { id, kept, reason, weight, active_connections, because = null } = candidate;
  const why = because === null ? "" : becauseText(because);
  return (
    <tr class={isPicked ? "picked" : ""}>
      <th scope="row">
        {id} {isPicked && <span class="badge tone-good">picked</span>}
      </th>
      <td>
        <Badge tone={kept ? "good" : "off"} label={reason.replaceAll("_", " ")} />
        {why !== "" && <p class="muted small">{why}</p>}
      </td>
      <td class="number">{weight}</td>
      <td class="number">{count(active_connections)}</td>
      <td class="small">{limitsText(candidate)}</td>
    </tr>
  );
}

/** `status 503, by admin, since 23:43:10, until 23:45:10` */
function becauseText({ detail, since, until, who }: StateReason): string {
  const parts = [
    detail,
    who === null ? null : `by ${who}`,
    since === null ? null : `since ${clock(since)}`,
    until === null ? null : `until ${clock(until)}`,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

function limitsText({ rate_limit, max_connections = null }: ExplainedCandidate): string {
  const parts = [
    rate_limit === null ? null : `${count(rate_limit.granted)} of ${count(rate_limit.limit)}/s handed out`,
    max_connections === null ? null : `at most ${count(max_connections)} in flight`,
  ];
  return parts.filter((part) => part !== null).join(", ") || "none";
}
