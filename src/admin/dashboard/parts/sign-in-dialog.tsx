/**
 * The session has ended: asks for the token again, without losing the content of the page.
 * @module
 */
import { useRef, useState } from "hono/jsx/dom";
import { ApiError, messageOf, signIn } from "../lib/api.ts";
import { signedInAgain } from "../lib/feed.ts";
import { Dialog } from "./dialog.tsx";

export function SignInDialog() {
  const input = useRef<HTMLInputElement>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const submit = async (): Promise<void> => {
    try {
      await signIn(input.current?.value ?? "");
      signedInAgain();
    } catch (error) {
      const isWrong = error instanceof ApiError && error.status === 401;
      setFailure(isWrong ? "This token is not known here, or not any more." : messageOf(error));
      input.current?.select();
    }
  };
  return (
    <Dialog
      title="Your session has ended"
      closable={false}
      onClose={() => undefined}
      confirm={{ label: "Sign in", run: () => void submit() }}
    >
      <p>What you see is from before. Sign in again to go on; nothing on this page is lost.</p>
      {failure !== null && (
        <p class="notice notice-bad" role="alert">
          {failure}
        </p>
      )}
      <label class="field">
        <span>Admin token</span>
        <input ref={input} type="password" autocomplete="current-password" required />
      </label>
    </Dialog>
  );
}
