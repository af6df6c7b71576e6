/**
 * A document of the configuration: edited, compared with what is in force, put in force. Nothing is written before its
 * difference was shown, and nothing over what somebody else wrote meanwhile.
 * @module
 */
import { useEffect, useState } from "hono/jsx/dom";
import { ApiError, call, messageOf } from "../lib/api.ts";
import { type PlacedError, parseDocument, placeErrors } from "../lib/document.ts";
import { refresh } from "../lib/feed.ts";
import { plural } from "../lib/format.ts";
import { guardLeaving } from "../lib/place.ts";
import { say } from "../lib/toast.ts";
import { mayConfigure } from "../lib/viewer.ts";
import { type Change, Changes } from "./changes.tsx";
import { TextArea } from "./text-area.tsx";

export interface DocumentSource {
  label: string;
  /** Said when it was put in force. */
  done: string;
  /** Path of the API: GET, PUT. */
  path: string;
  /** How the paths in its errors begin. */
  base: string;
  /** The document in the answer of the GET. */
  pick: (answer: Record<string, unknown>) => unknown;
  /** For a document that is not there yet: what to begin with. */
  template?: unknown;
  onSaved?: () => void;
}

interface Loaded {
  text: string;
  /** Null: it must not be there yet. */
  etag: string | null;
}

interface Preview {
  changes: Change[];
  etag: string;
}

type Step =
  | { name: "editing" }
  | { name: "busy"; text: string }
  | { name: "compared"; preview: Preview }
  /** Somebody else wrote: what they changed, and what is in force now. */
  | { name: "overtaken"; theirs: Change[]; now: Loaded };

const EDITING: Step = { name: "editing" };

export function DocumentEditor({ source }: { source: DocumentSource }) {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [text, setText] = useState("");
  const [errors, setErrors] = useState<readonly PlacedError[]>([]);
  const [selected, setSelected] = useState<PlacedError | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [step, setStep] = useState<Step>(EDITING);
  const isDirty = loaded !== null && text !== loaded.text;

  const begin = (document: Loaded): void => {
    setLoaded(document);
    setText(document.text);
    setErrors([]);
    setStep(EDITING);
  };
  useEffect(() => {
    let isOver = false;
    load(source).then(
      (document) => !isOver && begin(document),
      (error: unknown) => !isOver && setFailure(messageOf(error)),
    );
    return () => {
      isOver = true;
    };
  }, [source.path]);
  useEffect(() => {
    guardLeaving(isDirty ? () => confirm("Leave and lose what you changed?") : null);
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    if (isDirty) addEventListener("beforeunload", ask);
    return () => {
      guardLeaving(null);
      removeEventListener("beforeunload", ask);
    };
  }, [isDirty]);

  const refuse = (error: unknown): void => {
    setStep(EDITING);
    if (error instanceof ApiError && error.errors.length > 0) {
      setErrors(placeErrors(text, error.errors, source.base));
    } else say("bad", messageOf(error));
  };
  const compare = async (against: Loaded): Promise<void> => {
    setErrors([]);
    const { errors: wrong } = parseDocument(text);
    if (wrong.length > 0) return setErrors(wrong);
    setStep({ name: "busy", text: "Comparing…" });
    try {
      const preview = await previewOf(source, text);
      if (against.etag !== null && preview.etag !== against.etag) return await overtaken(against);
      setStep({ name: "compared", preview });
    } catch (error) {
      refuse(error);
    }
  };
  const overtaken = async (before: Loaded): Promise<void> => {
    const now = await load({ ...source, template: undefined });
    // Compared the other way round, so turned about.
    const { changes } = await previewOf(source, before.text);
    const theirs = changes.map(({ path, before: after, after: before }) => ({ path, before, after }));
    setStep({ name: "overtaken", theirs, now });
  };
  const save = async (document: Loaded): Promise<void> => {
    setStep({ name: "busy", text: "Putting it in force…" });
    try {
      const { etag, changed } = await call<{ etag: string; changed: boolean }>(source.path, {
        method: "PUT",
        body: text,
        headers: document.etag === null ? { "if-none-match": "*" } : { "if-match": document.etag },
      });
      say("good", changed ? source.done : "It was in force already");
      begin({ text, etag });
      guardLeaving(null);
      source.onSaved?.();
      refresh();
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) await overtaken(document).catch(refuse);
      else refuse(error);
    }
  };

  if (failure !== null) return <p class="notice notice-bad">{failure}</p>;
  if (loaded === null) return <div class="ghost ghost-tall" aria-busy="true" />;
  return (
    <div class="document">
      <Errors errors={errors} onSelect={(error) => setSelected({ ...error })} />
      <TextArea
        label={source.label}
        initial={loaded.text}
        text={text}
        errors={errors}
        selected={selected}
        readOnly={!mayConfigure || step.name === "busy"}
        onInput={(value) => {
          setText(value);
          setStep(EDITING);
        }}
      />
      {mayConfigure ? (
        <div class="dialog-buttons">
          {isDirty && (
            <button type="button" class="button" onClick={() => begin({ ...loaded, text: `${loaded.text}` })}>
              Discard changes
            </button>
          )}
          <button
            type="button"
            class="button button-main"
            disabled={!isDirty || step.name === "busy" || step.name === "compared"}
            onClick={() => void compare(loaded)}
          >
            {step.name === "busy" ? step.text : "Check and compare"}
          </button>
        </div>
      ) : (
        <p class="muted">Your token may read this, not change it.</p>
      )}
      {step.name === "compared" && (
        <Compared preview={step.preview} onSave={() => void save(loaded)} onBack={() => setStep(EDITING)} />
      )}
      {step.name === "overtaken" && (
        <Overtaken
          theirs={step.theirs}
          onMine={() => {
            setLoaded({ ...loaded, etag: step.now.etag });
            void compare({ ...loaded, etag: step.now.etag });
          }}
          onTheirs={() => begin(step.now)}
        />
      )}
    </div>
  );
}

function Errors({
  errors,
  onSelect,
}: {
  errors: readonly PlacedError[];
  onSelect: (error: PlacedError) => void;
}) {
  return (
    <div id="document-errors" role="alert">
      {errors.length > 0 && (
        <div class="notice notice-bad">
          <p>
            <b>Not put in force:</b> {plural(errors.length, "error")}.
          </p>
          <ul class="errors">
            {errors.map((error) => (
              <li key={error.message}>
                {error.line !== null && (
                  <button type="button" class="button button-small" onClick={() => onSelect(error)}>
                    Line {error.line}
                  </button>
                )}
                <span>{error.message}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

function Compared({
  preview: { changes },
  onSave,
  onBack,
}: {
  preview: Preview;
  onSave: () => void;
  onBack: () => void;
}) {
  return (
    <section class="panel" aria-labelledby="compared">
      <h2 id="compared">What this changes</h2>
      <Changes changes={changes} />
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={onBack}>
          Go on editing
        </button>
        <button type="button" class="button button-main" onClick={onSave}>
          Put in force
        </button>
      </div>
    </section>
  );
}

function Overtaken({
  theirs,
  onMine,
  onTheirs,
}: {
  theirs: readonly Change[];
  onMine: () => void;
  onTheirs: () => void;
}) {
  return (
    <section class="panel" role="alert" aria-labelledby="overtaken">
      <h2 id="overtaken">Somebody else was faster</h2>
      <p>Another version has come into force since you began. Nothing of yours was written. It changed:</p>
      <Changes changes={theirs} />
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={onTheirs}>
          Discard mine, edit the new one
        </button>
        <button type="button" class="button button-main" onClick={onMine}>
          Keep mine, compare again
        </button>
      </div>
    </section>
  );
}

async function load({ path, pick, template }: DocumentSource): Promise<Loaded> {
  if (template !== undefined) return { text: pretty(template), etag: null };
  const answer = await call<Record<string, unknown>>(path);
  return { text: pretty(pick(answer)), etag: String(answer.etag) };
}

function previewOf({ path }: DocumentSource, text: string): Promise<Preview> {
  return call<Preview>(`${path}/preview`, { method: "POST", body: text });
}

function pretty(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
