/**
 * Why a version is written, for those who read it later.
 * @module
 */

/** As many as the API takes. */
const LONGEST = 200;

export function MessageField({ onInput }: { onInput: (message: string) => void }) {
  return (
    <label class="field">
      <span>Why (may be empty)</span>
      <input
        type="text"
        maxlength={LONGEST}
        autocomplete="off"
        placeholder="more room for the sale"
        onInput={(event: Event) => onInput((event.currentTarget as HTMLInputElement).value)}
      />
    </label>
  );
}
