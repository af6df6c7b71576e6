/**
 * How one of a route's pools was chosen for a request: the pools in the client's order, each with its part of the clients.
 * @module
 */
import type { SteeringExplanation } from "../../../contract/explanation.ts";
import { arrivalText, POLICY_WORDS } from "../../../contract/steering-words.ts";
import { percent } from "../lib/format.ts";
import { href } from "../lib/location.ts";
import { ShareBar } from "./meter.tsx";

export function Steering({ steering }: { steering: SteeringExplanation }) {
  const { policy, order, point, chosen, arrival, next } = steering;
  return (
    <>
      {POLICY_WORDS[policy]}.{" "}
      {point === null
        ? "Chance decides where the client falls, as no address of it is given"
        : `The client falls at ${percent(point)}`}
      ; it goes to <a href={href({ pool: chosen })}>{chosen}</a>: {arrivalText(arrival)}.
      {next !== null && ` Then comes ${next}.`}
      <ol class="split-list">
        {order.map(({ pool, load, distance_km, available, reason }) => (
          <li key={pool}>
            <div class="share">
              <span>
                <a href={href({ pool })}>{pool}</a> {percent(load)}{" "}
                <span class="muted">
                  {distance_km !== null && `${distance_km.toLocaleString("en-US")} km `}
                  {reason ?? (available ? "" : "not available")}
                </span>
              </span>
              <ShareBar share={load} expected={null} />
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}
