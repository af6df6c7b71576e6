/**
 * What clients got, whichever origins were tried: the first figure anywhere.
 * @module
 */
import type { ClientFigures, KeyedClientStats } from "../../../contract/stats.ts";
import { UNSERVED } from "../lib/client-problems.ts";
import { availability, count, latency, percent, plural, rate } from "../lib/format.ts";
import { errorTone } from "../lib/status.ts";
import { Scroll } from "./scroll.tsx";
import { Stat } from "./stats.tsx";

/** Routes, and hosts, that are named. */
const SHOWN_KEYS = 10;

interface ClientsProps {
  clients: ClientFigures;
  /** Requests that no route matched, of them; null: that is not known here. */
  unrouted?: ClientFigures | null;
}

export function Clients({ clients, unrouted = null }: ClientsProps) {
  const { requests, failed, client_closed, seconds } = clients;
  const share = requests === 0 ? 0 : failed / requests;
  const noRoute = unrouted?.problems.no_route ?? 0;
  return (
    <section class="clients" aria-labelledby="clients">
      <h2 id="clients">What clients got</h2>
      <div class="clients-box raised">
        <dl class="stats">
          <Stat label="Availability" value={availability(clients.availability)} tone={failedTone(share)} />
          <Stat label="Requests/s" value={rate(clients.requests_per_second)} />
          <Stat label="Failed/s" value={rate(clients.failed_per_second)} tone={failedTone(share)} />
          <Stat label="p50" value={latency(clients.p50)} />
          <Stat label="p99" value={latency(clients.p99)} />
          {noRoute > 0 && <Stat label="No route/s" value={rate(noRoute / seconds)} tone="warn" />}
          {client_closed > 0 && <Stat label="Left first/s" value={rate(client_closed / seconds)} />}
        </dl>
        {requests > 0 && <Answers clients={clients} />}
        <Unserved clients={clients} />
        {requests > 0 && (
          <details>
            <summary>By route and by host</summary>
            <div class="keyed">
              <Keyed name="Route" keyed={clients.routes} seconds={seconds} />
              <Keyed name="Host" keyed={clients.hosts} seconds={seconds} />
            </div>
          </details>
        )}
      </div>
    </section>
  );
}

/** Above 1% nothing is green. */
export function failedTone(share: number): "bad" | "warn" | "" {
  return share > 0.01 ? errorTone(share) : "";
}

function Answers({ clients: { answers, requests } }: ClientsProps) {
  const classes = Object.entries(answers).filter(([, number]) => number > 0);
  let from = 0;
  const parts = classes.map(([name, number]) => {
    const part = { name, from, width: (number / requests) * 100 };
    from += part.width;
    return part;
  });
  return (
    <div class="answers">
      <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        {parts.map(({ name, from, width }) => (
          <rect key={name} class={`answer-${name}`} x={from} y="1" width={width} height="6" />
        ))}
      </svg>
      <ul>
        {classes.map(([name, number]) => (
          <li key={name}>
            <span class={`swatch answer-${name}`} aria-hidden="true" />
            {name} {percent(number / requests)}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Answers made by the balancer, by why. */
function Unserved({ clients: { problems, seconds } }: ClientsProps) {
  const found = Object.entries(problems).filter(([, number]) => number > 0);
  if (found.length === 0) return null;
  const most = found.toSorted((a, b) => b[1] - a[1]);
  return (
    <p class="small">
      <span class="muted">Answered by the balancer itself: </span>
      {most.map(([type, number], index) => (
        <span key={type}>
          {index > 0 && ", "}
          <code title={UNSERVED[type] ?? ""}>{type}</code> {rate(number / seconds)}/s
        </span>
      ))}
    </p>
  );
}

interface KeyedProps {
  name: string;
  keyed: readonly KeyedClientStats[];
  seconds: number;
}

function Keyed({ name, keyed, seconds }: KeyedProps) {
  return (
    <Scroll label={`What clients got, by ${name.toLowerCase()}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">{name}</th>
            <th scope="col" class="number">
              Req/s
            </th>
            <th scope="col" class="number">
              Failed
            </th>
            <th scope="col">Answers</th>
          </tr>
        </thead>
        <tbody>
          {keyed.slice(0, SHOWN_KEYS).map(({ key, requests, failed, answers }) => (
            <tr key={key}>
              <th scope="row">{key === "" ? "all others" : key}</th>
              <td class="number">{rate(requests / seconds)}</td>
              <td class={`number text-${failedTone(failed / Math.max(1, requests))}`}>
                {percent(failed / Math.max(1, requests))}
              </td>
              <td class="muted">{classesText(answers, requests)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {keyed.length > SHOWN_KEYS && (
        <p class="muted small">and {plural(keyed.length - SHOWN_KEYS, "more", "more")}</p>
      )}
    </Scroll>
  );
}

function classesText(answers: KeyedClientStats["answers"], requests: number): string {
  const there = Object.entries(answers).filter(([, number]) => number > 0);
  if (there.length === 1) return `${there[0]?.[0]} ${count(requests)}`;
  return there.map(([name, number]) => `${name} ${percent(number / requests)}`).join(", ");
}
