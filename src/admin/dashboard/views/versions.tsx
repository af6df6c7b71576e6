/**
 * The versions of a document: what each changed, and the way back to it.
 * @module
 */
import { useEffect, useRef, useState } from "hono/jsx/dom";
import { call, messageOf, withMessage } from "../lib/api.ts";
import type { Change } from "../lib/change.ts";
import { mayConfigure } from "../lib/current-user.ts";
import { ago, clock } from "../lib/format.ts";
import { act } from "../lib/toast.ts";
import { Changes } from "../parts/changes.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { MessageField } from "../parts/message-field.tsx";

interface Version {
  version: number;
  applied_at: number;
  /** Absent: it came from KV. */
  who?: string;
  message?: string;
}

/** Which version one wants to see, and whether to go back to it. */
interface Asked {
  version: number;
  back: boolean;
}

interface Detail {
  /** Absent: all that was kept is what it says, or this token may not see it. */
  written?: string;
  changes: Change[];
  against: number | null;
}

/** A document with a past. */
interface Subject {
  /** The document's name in sentences. */
  name: string;
  /** Of the API. */
  path: string;
  /** The version in force. */
  inForce: number;
}

interface VersionsProps {
  subject: Subject;
  nowMs: number;
  /** Went back to a version. */
  onBack?: () => void;
}

export function VersionsView({ subject, nowMs, onBack }: VersionsProps) {
  const [versions, setVersions] = useState<readonly Version[] | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const { name, path, inForce } = subject;
  useEffect(() => {
    call<{ versions: Version[] }>(`${path}/versions`).then(
      (answer) => setVersions(answer.versions),
      (error: unknown) => setFailure(messageOf(error)),
    );
  }, [path, inForce]);
  if (failure !== null) return <p class="notice notice-bad">{failure}</p>;
  if (versions === null) return <div class="ghost ghost-tall" aria-busy="true" />;
  if (versions.length === 0) return <p class="empty">There are no versions yet.</p>;
  return (
    <section aria-label="Versions">
      <table class="versions raised">
        <caption class="unseen">Versions of {name}, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">In force since</th>
            <th scope="col">By</th>
            <th scope="col">Why</th>
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {versions.map((version) => (
            <VersionRow
              key={version.version}
              inForce={inForce}
              version={version}
              nowMs={nowMs}
              onAsk={(back) => setAsked({ version: version.version, back })}
            />
          ))}
        </tbody>
      </table>
      {asked !== null && (
        <VersionDialog subject={subject} asked={asked} onClose={() => setAsked(null)} onBack={onBack} />
      )}
    </section>
  );
}

interface VersionRowProps {
  inForce: number;
  version: Version;
  nowMs: number;
  onAsk: (back: boolean) => void;
}

function VersionRow({ inForce, version: written, nowMs, onAsk }: VersionRowProps) {
  const { version, applied_at, who, message } = written;
  const isInForce = version === inForce;
  return (
    <tr>
      <th scope="row">
        {version} {isInForce && <span class="badge tone-good">in force</span>}
      </th>
      <td>
        {clock(applied_at)} <span class="muted">({ago(nowMs - applied_at)})</span>
      </td>
      <td data-label="By">{who ?? <span class="muted">KV</span>}</td>
      <td data-label="Why" class="why">
        {message ?? <span class="muted">–</span>}
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
  subject: Subject;
  asked: Asked;
  onClose: () => void;
  onBack: (() => void) | undefined;
}

function VersionDialog({ subject, asked: { version, back }, onClose, onBack }: VersionDialogProps) {
  const { name, path } = subject;
  const [detail, setDetail] = useState<Detail | string | null>(null);
  // The operator agrees to the changes that were shown.
  const [current] = useState(subject.inForce);
  const message = useRef("");
  useEffect(() => {
    const against = back ? `?against=${current}` : "";
    call<Detail>(`${path}/versions/${version}${against}`).then(setDetail, (error: unknown) =>
      setDetail(messageOf(error)),
    );
  }, []);
  const rollBack = async (): Promise<void> => {
    onClose();
    const headers = { "if-match": `"v${current}"` };
    const write = () =>
      call(withMessage(`${path}/rollback`, message.current ?? ""), {
        method: "POST",
        body: { version },
        headers,
      });
    if (await act(`Back at version ${version} of ${name}`, write)) onBack?.();
  };
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
              run: () => void rollBack(),
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
          {detail.written !== undefined && (
            <details>
              <summary>As it was written</summary>
              <pre>{detail.written}</pre>
            </details>
          )}
          {back && <MessageField onInput={(value) => (message.current = value)} />}
        </>
      )}
    </Dialog>
  );
}
