/**
 * A large text with numbered lines. Tab leaves it, as everywhere else.
 * @module
 */
import { useEffect, useLayoutEffect, useRef } from "hono/jsx/dom";
import type { PlacedError } from "../lib/document.ts";

interface TextAreaProps {
  label: string;
  /** The initial text; another object resets the text area to it. */
  initial: { text: string };
  text: string;
  errors: readonly PlacedError[];
  /** To be shown and selected. */
  selected: PlacedError | null;
  readOnly: boolean;
  onInput: (text: string) => void;
}

export function TextArea({ label, initial, text, errors, selected, readOnly, onInput }: TextAreaProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLPreElement>(null);
  // Before anyone can type into it. From then on the text is the browser's.
  useLayoutEffect(() => {
    if (area.current !== null) area.current.value = text;
  }, [initial]);
  useEffect(() => {
    const element = area.current;
    if (element === null || selected === null || selected.offset === null) return;
    element.focus();
    element.setSelectionRange(selected.offset, selected.offset + selected.length);
    const lineHeight = Number.parseFloat(getComputedStyle(element).lineHeight);
    element.scrollTop = ((selected.line ?? 1) - 4) * lineHeight;
  }, [selected]);
  const lines = text.split("\n").length;
  const wrong = new Set(errors.map(({ line }) => line));
  return (
    <div class="editor">
      <pre ref={gutter} aria-hidden="true">
        {Array.from({ length: lines }, (_, index) => (
          <span key={index} class={wrong.has(index + 1) ? "wrong" : ""}>
            {index + 1}
          </span>
        ))}
      </pre>
      <textarea
        ref={area}
        aria-label={label}
        aria-invalid={errors.length > 0 ? "true" : "false"}
        aria-describedby="document-errors"
        readOnly={readOnly}
        spellcheck={false}
        autocapitalize="off"
        wrap="off"
        rows={Math.min(32, Math.max(12, lines + 1))}
        onInput={(event: Event) => onInput((event.currentTarget as HTMLTextAreaElement).value)}
        onScroll={(event: Event) => {
          const { scrollTop } = event.currentTarget as HTMLTextAreaElement;
          if (gutter.current !== null) gutter.current.scrollTop = scrollTop;
        }}
      />
    </div>
  );
}
