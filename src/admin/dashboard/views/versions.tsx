/**
 * The versions of a pool's configuration: what each would change now, and the way back to it.
 * @module
 */
import { useEffect, useState } from "hono/jsx/dom";
import type { LivePool } from "../../../contract/live.ts";
import { call, messageOf } from "../lib/api.ts";
import type { Change } from "../lib/change.ts";
import { ago, clock } from "../lib/format.ts";
import { act } from "../lib/toast.ts";
import { mayConfigure } from "../lib/viewer.ts";
import { Changes } from "../parts/changes.tsx";
import { Dialog } from "../parts/dialog.tsx";

interface Version {
  version: number;
  applied_at: number;
}

interface Detail {
  changes: Change[];
  against: number | null;
}

export function VersionsView({ pool, nowMs }: { pool: LivePool; nowMs: number }) {
  const [versions, setVersions] = useState<readonly Version[] | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [asked, setAsked] = useState<{ version: number; back: boolean } | null>(null);
  const path = `/pools/${encodeURIComponent(pool.pool)}`;
  useEffect(() => {
    call<{ versions: Version[] }>(`${path}/versions`).then(
      (answer) => setVersions(answer.versions),
      (error: unknown) => setFailure(messageOf(error)),
    );
  }, [path, pool.config_version]);
  if (failure !== null) return <p class="notice notice-bad">{failure}</p>;
  if (versions === null) return <div class="ghost ghost-tall" aria-busy="true" />;
  return (
    <section aria-label="Versions">
      <table class="versions">
        <caption class="unseen">Versions of {pool.pool}, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">In force since</th>
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {versions.map((version) => (
            <VersionRow
              key={version.version}
              pool={pool}
              version={version}
              nowMs={nowMs}
              onAsk={(back) => setAsked({ version: version.version, back })}
            />
          ))}
        </tbody>
      </table>
      {asked !== null && (
        <VersionDialog pool={pool} path={path} asked={asked} onClose={() => setAsked(null)} />
      )}
    </section>
  );
}

interface VersionRowProps {
  pool: LivePool;
  version: Version;
  nowMs: number;
  onAsk: (back: boolean) => void;
}

function VersionRow({ pool, version: { version, applied_at }, nowMs, onAsk }: VersionRowProps) {
  const isInForce = version === pool.config_version;
  return (
    <tr>
      <th scope="row">
        {version} {isInForce && <span class="badge tone-good">in force</span>}
      </th>
      <td>
        {clock(applied_at)} <span class="muted">({ago(nowMs - applied_at)})</span>
      </td>
      <td class="actions-cell">
        <div class="actions">
          <button type="button" class="button button-small" onClick={() => onAsk(false)}>
            Changes<span class="unseen"> of version {version}</span>
          </button>
          {mayConfigure && !isInForce && (
            <button type="button" class="button button-small" onClick={() => onAsk(true)}>
              Roll back<span class="unseen"> to version {version}</span>
            </button>
          )}
        </div>
      </td>
    </tr>
  );
}

interface VersionDialogProps {
  pool: LivePool;
  path: string;
  asked: { version: number; back: boolean };
  onClose: () => void;
}

function VersionDialog({ pool, path, asked: { version, back }, onClose }: VersionDialogProps) {
  const [detail, setDetail] = useState<Detail | string | null>(null);
  const [current] = useState(pool.config_version);
  useEffect(() => {
    const against = back ? `?against=${current}` : "";
    call<Detail>(`${path}/versions/${version}${against}`).then(setDetail, (error: unknown) =>
      setDetail(messageOf(error)),
    );
  }, []);
  const isLoaded = detail !== null && typeof detail !== "string";
  return (
    <Dialog
      title={back ? `Roll back to version ${version}?` : `What version ${version} changed`}
      onClose={onClose}
      confirm={
        back
          ? {
              label: "Roll back",
              disabled: !isLoaded,
              run: () => {
                onClose();
                void act(`${pool.pool} is back at version ${version}`, () =>
                  call(`${path}/rollback`, {
                    method: "POST",
                    body: { version },
                    headers: { "if-match": `"v${current}"` },
                  }),
                );
              },
            }
          : null
      }
    >
      {detail === null && <div class="ghost" aria-busy="true" />}
      {typeof detail === "string" && <p class="notice notice-bad">{detail}</p>}
      {isLoaded && (
        <>
          <p class="muted">
            {back
              ? `This makes a new version with the document of version ${version}. Against what is in force now:`
              : detail.against === null
                ? "It was the first that is kept."
                : `Against version ${detail.against}:`}
          </p>
          {(back || detail.against !== null) && <Changes changes={detail.changes} />}
        </>
      )}
    </Dialog>
  );
}
