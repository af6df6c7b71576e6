/**
 * Why a request would go where it would.
 * @module
 */
import { useState } from "hono/jsx/dom";
import type { ExplainAnswer } from "../../../contract/explain-answer.ts";
import { ApiError, call, messageOf } from "../lib/api.ts";
import { Explanation } from "../parts/explanation.tsx";
import { PageHead } from "../parts/page-head.tsx";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

export function ExplainView() {
  const [answer, setAnswer] = useState<ExplainAnswer | null>(null);
  const [failure, setFailure] = useState<readonly string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const submit = async (form: HTMLFormElement): Promise<void> => {
    setBusy(true);
    setFailure([]);
    try {
      setAnswer(await call<ExplainAnswer>("/explain", { method: "POST", body: factsOf(new FormData(form)) }));
    } catch (error) {
      setAnswer(null);
      const errors = error instanceof ApiError ? error.errors.map(({ message }) => message) : [];
      setFailure(errors.length > 0 ? errors : [messageOf(error)]);
    }
    setBusy(false);
  };
  return (
    <>
      <PageHead title="Explain a request">
        Where it would go now, and why not elsewhere. Nothing is sent and nothing changes.
      </PageHead>
      <ExplainForm isBusy={isBusy} onSubmit={(form) => void submit(form)} />
      <div aria-live="polite">
        {failure.length > 0 && (
          <ul class="notice notice-bad">
            {failure.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        )}
        {answer !== null && <Explanation answer={answer} />}
      </div>
    </>
  );
}

interface ExplainFormProps {
  isBusy: boolean;
  onSubmit: (form: HTMLFormElement) => void;
}

function ExplainForm({ isBusy, onSubmit }: ExplainFormProps) {
  return (
    <form
      class="explain raised"
      onSubmit={(event: Event) => {
        event.preventDefault();
        onSubmit(event.currentTarget as HTMLFormElement);
      }}
    >
      <label class="field field-method">
        <span>Method</span>
        <select name="method">
          {METHODS.map((method) => (
            <option key={method}>{method}</option>
          ))}
        </select>
      </label>
      <label class="field field-url">
        <span>URL</span>
        <input name="url" type="url" required value={`${location.origin}/`} spellcheck={false} />
      </label>
      <label class="field">
        <span>Client address (may be empty)</span>
        <input name="client_ip" type="text" placeholder="203.0.113.7" spellcheck={false} />
      </label>
      <label class="field">
        <span>Client's country (may be empty)</span>
        <input name="country" type="text" placeholder="DE" maxLength={2} spellcheck={false} />
      </label>
      <label class="field">
        <span>Client's latitude, longitude (may be empty)</span>
        <input name="coordinates" type="text" placeholder="50.1, 8.7" spellcheck={false} />
      </label>
      <label class="field field-headers">
        <span>Headers, one a line</span>
        <textarea name="headers" rows={3} placeholder={"Cookie: __lb=…"} spellcheck={false} />
      </label>
      <button type="submit" class="button button-main" disabled={isBusy}>
        Explain
      </button>
    </form>
  );
}

function factsOf(form: FormData): Record<string, unknown> {
  const text = (name: string): string => String(form.get(name) ?? "").trim();
  const lines = text("headers").split("\n");
  const headers = lines.flatMap((line): [string, string][] => {
    const colon = line.indexOf(":");
    return colon < 1 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
  });
  const [latitude = "", longitude = ""] = text("coordinates").split(/[\s,;]+/);
  const cf = { country: text("country").toUpperCase(), latitude, longitude };
  return {
    url: text("url"),
    method: text("method"),
    client_ip: text("client_ip"),
    headers: Object.fromEntries(headers),
    ...(Object.values(cf).some((field) => field !== "") ? { cf } : {}),
  };
}
