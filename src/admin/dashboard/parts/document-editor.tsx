/**
 * The editor of a document of the configuration: lib/editing.ts says how it goes.
 * @module
 */
import { useEffect, useMemo, useRef, useState } from "hono/jsx/dom";
import type { Change } from "../lib/change.ts";
import { mayConfigure } from "../lib/current-user.ts";
import type { PlacedError } from "../lib/document.ts";
import { type DocumentSource, Editing, type Step } from "../lib/editing.ts";
import { plural } from "../lib/format.ts";
import { guardLeaving } from "../lib/location.ts";
import { useStore } from "../lib/store.ts";
import { Changes } from "./changes.tsx";
import { MessageField } from "./message-field.tsx";
import { TextArea } from "./text-area.tsx";

export function DocumentEditor({ source }: { source: DocumentSource }) {
  const editing = useMemo(() => new Editing(source), [source.path]);
  const { loaded, text, errors, step, failure } = useStore(editing.state);
  const [selected, setSelected] = useState<PlacedError | null>(null);
  useEffect(() => void editing.load(), [editing]);
  useUnsavedGuard(editing);
  if (failure !== null) return <p class="notice notice-bad">{failure}</p>;
  if (loaded === null) return <div class="ghost ghost-tall" aria-busy="true" />;
  return (
    <div class="document">
      <Errors errors={errors} onSelect={(error) => setSelected({ ...error })} />
      <TextArea
        label={source.label}
        initial={loaded}
        text={text}
        errors={errors}
        selected={selected}
        readOnly={!mayConfigure || step.name === "busy"}
        onInput={(value) => editing.type(value)}
      />
      {mayConfigure ? (
        <Buttons editing={editing} />
      ) : (
        <p class="muted">Your token may read this, not change it.</p>
      )}
      {step.name === "compared" && (
        <Compared editing={editing} step={step} onSelect={(warning) => setSelected({ ...warning })} />
      )}
      {step.name === "overtaken" && (
        <Overtaken
          theirs={step.theirs}
          onMine={() => void editing.keepMine(step.now)}
          onTheirs={() => editing.begin(step.now)}
        />
      )}
    </div>
  );
}

/** Asks before typed text is lost. */
function useUnsavedGuard(editing: Editing): void {
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      if (editing.isDirty) event.preventDefault();
    };
    // There from the start: what was typed or saved just now may be left before anything is drawn anew.
    guardLeaving(() => !editing.isDirty || confirm("Leave and lose what you changed?"));
    addEventListener("beforeunload", ask);
    return () => {
      guardLeaving(null);
      removeEventListener("beforeunload", ask);
    };
  }, [editing]);
}

function Buttons({ editing }: { editing: Editing }) {
  const { loaded, step } = useStore(editing.state);
  const { isDirty } = editing;
  return (
    <div class="dialog-buttons">
      {isDirty && loaded !== null && (
        <button type="button" class="button" onClick={() => editing.begin(loaded)}>
          Discard changes
        </button>
      )}
      <button
        type="button"
        class="button button-main"
        disabled={!isDirty || step.name === "busy" || step.name === "compared"}
        onClick={() => void editing.compare()}
      >
        {step.name === "busy" ? step.text : "Check and compare"}
      </button>
    </div>
  );
}

interface ErrorsProps {
  errors: readonly PlacedError[];
  onSelect: (error: PlacedError) => void;
}

function Errors({ errors, onSelect }: ErrorsProps) {
  return (
    <div id="document-errors" role="alert">
      {errors.length > 0 && (
        <div class="notice notice-bad">
          <p>
            <b>Not put in force:</b> {plural(errors.length, "error")}.
          </p>
          <PlacedList errors={errors} onSelect={onSelect} />
        </div>
      )}
    </div>
  );
}

function PlacedList({ errors, onSelect }: ErrorsProps) {
  return (
    <ul class="errors">
      {errors.map((error) => (
        <li key={`${error.path} ${error.message}`}>
          {error.line !== null && (
            <button type="button" class="button button-small" onClick={() => onSelect(error)}>
              Line {error.line}
            </button>
          )}
          <span>{error.message}</span>
        </li>
      ))}
    </ul>
  );
}

interface ComparedProps {
  editing: Editing;
  step: Extract<Step, { name: "compared" }>;
  onSelect: (warning: PlacedError) => void;
}

function Compared({ editing, step: { changes, warnings }, onSelect }: ComparedProps) {
  const message = useRef("");
  return (
    <section class="panel raised" aria-labelledby="compared">
      <h2 id="compared">What this changes</h2>
      <Changes changes={changes} />
      {warnings.length > 0 && (
        <div class="notice notice-warn">
          <p>
            <b>Most likely not meant:</b>
          </p>
          <PlacedList errors={warnings} onSelect={onSelect} />
        </div>
      )}
      {changes.length === 0 && <p class="muted">Nothing in force changes. Comments and layout are kept.</p>}
      <MessageField onInput={(value) => (message.current = value)} />
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={() => editing.backToEditing()}>
          Go on editing
        </button>
        <button
          type="button"
          class="button button-main"
          onClick={() => void editing.save(message.current ?? "")}
        >
          Put in force
        </button>
      </div>
    </section>
  );
}

interface OvertakenProps {
  theirs: readonly Change[];
  onMine: () => void;
  onTheirs: () => void;
}

function Overtaken({ theirs, onMine, onTheirs }: OvertakenProps) {
  return (
    <section class="panel raised" role="alert" aria-labelledby="overtaken">
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
