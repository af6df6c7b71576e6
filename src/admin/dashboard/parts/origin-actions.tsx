/**
 * The actions of an operator on an origin.
 * @module
 */
import { useState } from "hono/jsx/dom";
import { call } from "../lib/api.ts";
import { mayOperate } from "../lib/current-user.ts";
import { plural } from "../lib/format.ts";
import type { LiveOrigin, LivePool } from "../lib/live.ts";
import { act } from "../lib/toast.ts";
import { Dialog } from "./dialog.tsx";
import { WeightDialog } from "./weight-dialog.tsx";

interface OriginProps {
  pool: LivePool;
  origin: LiveOrigin;
}

type Asked = "drain" | "disable" | "weight" | null;

export function OriginActions({ pool, origin }: OriginProps) {
  const [asked, setAsked] = useState<Asked>(null);
  if (!mayOperate) return null;
  const path = originPath(pool.pool, origin.id);
  const name = `${origin.id} of ${pool.pool}`;
  const isOut = origin.draining || origin.drained;
  const close = () => setAsked(null);
  const undrain = () => act(`${name} takes traffic again`, () => post(`${path}/undrain`));
  const enable = () => act(`${name} is enabled`, () => patch(path, { enabled: true }));
  return (
    <div class="actions">
      {isOut ? (
        <Action label="Undrain" name={name} run={() => void undrain()} />
      ) : (
        <Action label="Drain" name={name} run={() => setAsked("drain")} />
      )}
      {!origin.removing && <Action label="Weight" name={name} run={() => setAsked("weight")} />}
      {!origin.removing &&
        (origin.enabled ? (
          <Action label="Disable" name={name} run={() => setAsked("disable")} />
        ) : (
          <Action label="Enable" name={name} run={() => void enable()} />
        ))}
      {asked === "weight" && <WeightDialog pool={pool} origin={origin} onClose={close} />}
      {(asked === "drain" || asked === "disable") && (
        <LeaveDialog pool={pool} origin={origin} how={asked} onClose={close} />
      )}
    </div>
  );
}

/** Buttons of many rows say the same to the eye; the ear has no rows. */
function Action({ label, name, run }: { label: string; name: string; run: () => void }) {
  return (
    <button type="button" class="button button-small" onClick={run}>
      {label}
      <span class="unseen"> {name}</span>
    </button>
  );
}

function LeaveDialog({
  pool,
  origin,
  how,
  onClose,
}: OriginProps & { how: "drain" | "disable"; onClose: () => void }) {
  const left = pool.eligible_count - (origin.eligible ? 1 : 0);
  const name = `${origin.id} of ${pool.pool}`;
  const path = originPath(pool.pool, origin.id);
  const isDrain = how === "drain";
  return (
    <Dialog
      title={`${isDrain ? "Drain" : "Disable"} ${origin.id}?`}
      onClose={onClose}
      confirm={{
        label: isDrain ? "Drain" : "Disable",
        tone: left === 0 ? "danger" : "main",
        run: () => {
          onClose();
          if (isDrain) void act(`${name} is being drained`, () => post(`${path}/drain`));
          else void act(`${name} is disabled`, () => patch(path, { enabled: false }));
        },
      }}
    >
      <p>
        {isDrain
          ? "No new requests go there. Open requests finish, and its sessions keep reaching it until the pool's drain_timeout is over."
          : "It takes no traffic at all from now on, its sessions neither. Open requests finish. This is a new version of the configuration."}
      </p>
      {left === 0 ? (
        <p class="notice notice-bad">
          No other origin of {pool.pool} can take requests: clients would get 503.
        </p>
      ) : (
        <p class="muted">
          {plural(left, "origin")} of {pool.pool} will be left to take its traffic.
        </p>
      )}
    </Dialog>
  );
}

export function originPath(pool: string, origin: string): string {
  return `/pools/${encodeURIComponent(pool)}/origins/${encodeURIComponent(origin)}`;
}

function post(path: string): Promise<unknown> {
  return call(path, { method: "POST" });
}

export function patch(path: string, fields: object): Promise<unknown> {
  return call(path, { method: "PATCH", body: fields });
}
