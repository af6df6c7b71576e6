/**
 * A picture of where a route leads: its pools in order, the share of its clients that each takes, and what spills.
 * @module
 */
import { percent } from "../lib/format.ts";
import { href } from "../lib/location.ts";
import type { RoutePool } from "../lib/route-figures.ts";

interface RoutePictureProps {
  /** What orders the pools, in a few words; empty: nothing does. */
  order: string;
  pools: readonly RoutePool[];
  fallback: string | null;
}

/** As many as lines of a chart have (styles/charts.css). */
const COLOURS = 8;

export function RoutePicture({ order, pools, fallback }: RoutePictureProps) {
  const isShared = pools.length > 1;
  const List = order === "" ? "ul" : "ol";
  return (
    <div class="route-picture">
      {order !== "" && <p class="muted small">{order}</p>}
      {isShared && <Stack pools={pools} />}
      <List>
        {pools.map((each, index) => (
          <li key={`${index} ${each.pool}`} class={each.note === null ? undefined : "troubled"}>
            {isShared && <span class={`colour series-${index % COLOURS}`} aria-hidden="true" />}
            <a href={href({ pool: each.pool })}>{each.pool}</a>
            {isShared && <Shares {...each} />}
            {each.note !== null && <span class="small"> {each.note}</span>}
          </li>
        ))}
      </List>
      {fallback !== null && (
        <p class="muted small">
          if none of its origins can: <a href={href({ pool: fallback })}>{fallback}</a>
        </p>
      )}
    </div>
  );
}

/** What came, and what should. */
function Shares({ real, expected }: RoutePool) {
  return (
    <>
      {" "}
      {real === null ? "–" : percent(real)}{" "}
      {expected !== null && <span class="muted">of {percent(expected)}</span>}
    </>
  );
}

/** The shares by the pools' present statuses; where these depend on the client, what came. Figures stand beside it. */
function Stack({ pools }: { pools: readonly RoutePool[] }) {
  let from = 0;
  return (
    <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-track" x="0" y="0" width="100" height="8" />
      {pools.map(({ pool, expected, real }, index) => {
        const width = (expected ?? real ?? 0) * 100;
        const x = from;
        from += width;
        return (
          <rect
            key={`${index} ${pool}`}
            class={`series-${index % COLOURS}`}
            x={x}
            y="0"
            width={width}
            height="8"
          />
        );
      })}
    </svg>
  );
}
