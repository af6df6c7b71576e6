/**
 * Another weight, with the split it would make.
 * @module
 */
import { useRef, useState } from "hono/jsx/dom";
import { percent } from "../lib/format.ts";
import type { LiveOrigin, LivePool } from "../lib/live.ts";
import { act } from "../lib/toast.ts";
import { Dialog } from "./dialog.tsx";
import { ShareBar } from "./meter.tsx";
import { originPath, patch } from "./origin-actions.tsx";

const MOST = 1_000;
/** Most origins in the preview. */
const SHOWN = 8;

interface WeightDialogProps {
  pool: LivePool;
  origin: LiveOrigin;
  onClose: () => void;
}

export function WeightDialog({ pool, origin, onClose }: WeightDialogProps) {
  const [weight, setWeight] = useState(origin.weight);
  // Another operator's change meanwhile must not replace the typed text.
  const first = useRef(String(origin.weight));
  const isGood = Number.isFinite(weight) && weight >= 0 && weight <= MOST;
  return (
    <Dialog
      title={`Weight of ${origin.id}`}
      onClose={onClose}
      confirm={{
        label: "Set weight",
        disabled: !isGood || weight === origin.weight,
        run: () => {
          onClose();
          void act(`${origin.id} of ${pool.pool} has weight ${weight}`, () =>
            patch(originPath(pool.pool, origin.id), { weight }),
          );
        },
      }}
    >
      <label class="field">
        <span>Weight, 0 to {MOST}</span>
        <input
          type="number"
          min="0"
          max={MOST}
          step="0.01"
          inputmode="decimal"
          required
          value={first.current ?? ""}
          onInput={(event: Event) => setWeight((event.currentTarget as HTMLInputElement).valueAsNumber)}
        />
      </label>
      <p class="muted">{meaning(pool)}</p>
      {weight === 0 && isLast(pool, origin) && (
        <p class="notice notice-bad">
          No other origin of {pool.pool} can take requests: clients without a session would get 503.
        </p>
      )}
      {isGood && pool.shared_by !== "order" && <Split pool={pool} origin={origin} weight={weight} />}
    </Dialog>
  );
}

/** It takes requests, and no other does. */
function isLast({ eligible_count }: LivePool, { eligible }: LiveOrigin): boolean {
  return eligible_count - (eligible ? 1 : 0) === 0;
}

function meaning({ algorithm, shared_by }: LivePool): string {
  if (shared_by === "count") {
    return `${algorithm} takes turns, whatever the weights are; 0 takes the origin out, but for its sessions.`;
  }
  if (shared_by === "order") {
    return `${algorithm} fills the origins in their order, whatever the weights are; 0 takes the origin out, but for its sessions.`;
  }
  if (shared_by === "load") {
    return `${algorithm} goes by load per weight, so the split below is only a rough one. 0: no new requests.`;
  }
  return "Its share of the traffic relative to the others. 0: no new requests, but its sessions go on.";
}

function Split({ pool, origin, weight }: Omit<WeightDialogProps, "onClose"> & { weight: number }) {
  const origins = pool.origins.filter((each) => each.eligible || each.id === origin.id);
  const weightOf = (each: LiveOrigin): number => {
    const own = each.id === origin.id ? weight : each.weight;
    return (pool.shared_by === "count" ? Math.sign(own) : own) * each.weight_factor;
  };
  const total = origins.reduce((sum, each) => sum + weightOf(each), 0);
  const shares = origins.map((each) => ({ each, share: total === 0 ? 0 : weightOf(each) / total }));
  return (
    <table class="split">
      <caption>The split it makes</caption>
      <tbody>
        {shares.slice(0, SHOWN).map(({ each, share }) => (
          <tr key={each.id}>
            <th scope="row">{each.id}</th>
            <td class="number">{percent(share)}</td>
            <td class="wide">
              <ShareBar share={share} expected={each.expected_share} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
