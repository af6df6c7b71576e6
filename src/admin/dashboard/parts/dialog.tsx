/**
 * A question that must be answered before anything else: the browser's own modal dialog, which keeps the focus inside
 * and gives it back, and closes with Escape.
 * @module
 */
import { type Child, useLayoutEffect, useRef } from "hono/jsx/dom";

interface DialogProps {
  title: string;
  onClose: () => void;
  /** The answer that does something. Null: there is nothing to do but to close. */
  confirm: { label: string; tone?: "main" | "danger"; disabled?: boolean; run: () => void } | null;
  /** False: only an answer closes it. */
  closable?: boolean;
  children?: Child;
}

let made = 0;

export function Dialog({ title, onClose, confirm, closable = true, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useRef(`dialog-${++made}`);
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      aria-labelledby={titleId.current ?? ""}
      onCancel={(event: Event) => {
        event.preventDefault();
        if (closable) onClose();
      }}
    >
      <form
        onSubmit={(event: Event) => {
          event.preventDefault();
          confirm?.run();
        }}
      >
        <h2 id={titleId.current ?? ""}>{title}</h2>
        <div class="dialog-body">{children}</div>
        <div class="dialog-buttons">
          {closable && (
            <button type="button" class="button" onClick={onClose}>
              {confirm === null ? "Close" : "Cancel"}
            </button>
          )}
          {confirm !== null && (
            <button
              type="submit"
              class={`button button-${confirm.tone ?? "main"}`}
              disabled={confirm.disabled}
            >
              {confirm.label}
            </button>
          )}
        </div>
      </form>
    </dialog>
  );
}
