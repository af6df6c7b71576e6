/**
 * A document of the configuration while it is edited: checked, compared with what is in force, put in force. Nothing
 * is written before its difference was shown, and nothing over what somebody else wrote meanwhile.
 * @module
 */
import { ApiError, call, type DocumentError, messageOf, withMessage } from "./api.ts";
import type { Change } from "./change.ts";
import { documentText, formErrors, type PlacedError, placeErrors } from "./document.ts";
import { refresh } from "./feed.ts";
import { Store } from "./store.ts";
import { say } from "./toast.ts";

export interface DocumentSource {
  label: string;
  /** Said when it was put in force. */
  done: string;
  /** Path of the API: GET, PUT, and POST below it for the preview. */
  path: string;
  /** How the paths in its errors begin. */
  base: string;
  /** The document in the answer of the GET. */
  pick: (answer: Record<string, unknown>) => unknown;
  /** For a document that is not there yet: what to begin with. */
  template?: unknown;
  onSaved?: () => void;
}

/** A document as it was when editing began. */
interface Loaded {
  text: string;
  /** Null: it must not be there yet. */
  etag: string | null;
}

interface Preview {
  changes: Change[];
  etag: string;
  warnings: DocumentError[];
}

export type Step =
  | { name: "editing" }
  | { name: "busy"; text: string }
  | { name: "compared"; changes: readonly Change[]; warnings: readonly PlacedError[] }
  /** Somebody else wrote: their changes, and the document in force now. */
  | { name: "overtaken"; theirs: readonly Change[]; now: Loaded };

export interface EditingState {
  /** Null: still loading. */
  loaded: Loaded | null;
  text: string;
  errors: readonly PlacedError[];
  step: Step;
  /** Why it could not be loaded. */
  failure: string | null;
}

const EDITING: Step = { name: "editing" };

export class Editing {
  readonly state = new Store<EditingState>({
    loaded: null,
    text: "",
    errors: [],
    step: EDITING,
    failure: null,
  });
  readonly #source: DocumentSource;

  constructor(source: DocumentSource) {
    this.#source = source;
  }

  get isDirty(): boolean {
    const { loaded, text } = this.state.value;
    return loaded !== null && text !== loaded.text;
  }

  async load(): Promise<void> {
    const { template } = this.#source;
    try {
      this.begin(
        template === undefined ? await this.#current() : { text: documentText(template), etag: null },
      );
    } catch (error) {
      this.#set({ failure: messageOf(error) });
    }
  }

  /** Goes on from `loaded` and drops the typed text. */
  begin(loaded: Loaded): void {
    // A new object, so that the text area takes it even if it began with the same.
    this.#set({ loaded: { ...loaded }, text: loaded.text, errors: [], step: EDITING });
  }

  type(text: string): void {
    this.#set({ text, step: EDITING });
  }

  backToEditing(): void {
    this.#set({ step: EDITING });
  }

  async compare(): Promise<void> {
    const { loaded, text } = this.state.value;
    const errors = formErrors(text);
    this.#set({ errors });
    if (loaded === null || errors.length > 0) return;
    await this.#try("Comparing…", async () => {
      const { changes, etag, warnings: found } = await this.#preview(text);
      const warnings = placeErrors(text, found, this.#source.base);
      if (loaded.etag !== null && etag !== loaded.etag) await this.#overtaken(loaded);
      else this.#set({ step: { name: "compared", changes, warnings } });
    });
  }

  /** Compares again, with what somebody else put in force. */
  async keepMine(now: Loaded): Promise<void> {
    const { loaded } = this.state.value;
    if (loaded !== null) this.#set({ loaded: { ...loaded, etag: now.etag } });
    await this.compare();
  }

  /** @param message why, for those who read the versions; may be empty */
  async save(message = ""): Promise<void> {
    const { loaded, text } = this.state.value;
    if (loaded === null) return;
    await this.#try("Putting it in force…", async () => {
      try {
        const { etag, changed } = await this.#put(text, loaded.etag, message);
        say("good", changed ? this.#source.done : "In force already: its comments and layout were kept");
        this.begin({ text, etag });
        this.#source.onSaved?.();
        refresh();
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 412) throw error;
        await this.#overtaken(loaded);
      }
    });
  }

  async #try(busy: string, action: () => Promise<void>): Promise<void> {
    this.#set({ step: { name: "busy", text: busy } });
    try {
      await action();
    } catch (error) {
      const documentErrors = error instanceof ApiError ? error.errors : [];
      const errors = placeErrors(this.state.value.text, documentErrors, this.#source.base);
      if (errors.length === 0) say("bad", messageOf(error));
      this.#set({ errors, step: EDITING });
    }
  }

  async #overtaken(before: Loaded): Promise<void> {
    const now = await this.#current();
    // Compared the other way round, so turned about.
    const { changes } = await this.#preview(before.text);
    const theirs = changes.map(({ path, before: after, after: before }) => ({ path, before, after }));
    this.#set({ step: { name: "overtaken", theirs, now } });
  }

  async #current(): Promise<Loaded> {
    const answer = await call<Record<string, unknown>>(this.#source.path);
    // Version 0 is none: the write is to be the first.
    const etag = answer.version === 0 ? null : String(answer.etag);
    const { written } = answer;
    return { text: typeof written === "string" ? written : documentText(this.#source.pick(answer)), etag };
  }

  #preview(text: string): Promise<Preview> {
    return call<Preview>(`${this.#source.path}/preview`, { method: "POST", body: text });
  }

  #put(text: string, etag: string | null, message: string): Promise<{ etag: string; changed: boolean }> {
    const headers: Record<string, string> = etag === null ? { "if-none-match": "*" } : { "if-match": etag };
    return call(withMessage(this.#source.path, message), { method: "PUT", body: text, headers });
  }

  #set(some: Partial<EditingState>): void {
    this.state.set({ ...this.state.value, ...some });
  }
}
