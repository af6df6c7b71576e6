/** Which tokens the admin API takes. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { bearer, OWN, ownAdmin } from "./own-admin.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a token with blanks in it", () => {
  it("opens the API as it opens the page", async () => {
    const token = "correct horse battery staple";
    const send = ownAdmin({ ADMIN_TOKENS: JSON.stringify([{ name: "ci", token, scope: "read" }]) });
    expect((await send("POST https://lb.example/_lb/login", OWN, `token=${token}`)).status).toBe(303);
    expect((await send("GET https://lb.example/_lb/pools", bearer(token))).status).toBe(200);
    expect((await send("GET https://lb.example/_lb/pools", bearer("correct"))).status).toBe(401);
  });
});

describe("a list ADMIN_TOKENS that breaks a rule", () => {
  const SECRET = "s3cr3t-s3cr3t";
  const good = { name: "ci", token: "a-good-token-of-ci", scope: "operate" };

  it.each<[string, unknown, string]>([
    ["is no JSON", `[${SECRET}`, "ADMIN_TOKENS must be a list in JSON"],
    ["is no list", { [SECRET]: "admin" }, "ADMIN_TOKENS must be a list in JSON"],
    [
      "has an entry of no known scope",
      [good, { ...good, token: SECRET, scope: "write" }],
      'ADMIN_TOKENS[1] ("ci"): "scope" must be one of read, operate, admin',
    ],
    [
      "has a token that is too short",
      [{ ...good, name: SECRET, token: "short" }],
      'ADMIN_TOKENS[0]: "token" must be a text of at least 8 characters',
    ],
    [
      "has a key of its own",
      [{ ...good, token: SECRET, [SECRET]: 1 }],
      'ADMIN_TOKENS[0] ("ci"): must be an object of name, token and scope, and nothing else',
    ],
    [
      "lacks a name",
      [{ token: SECRET, scope: "read" }],
      'ADMIN_TOKENS[0]: "name" must be a text of 1 to 100 characters',
    ],
  ])("(it %s) lets nobody in, and the log names the entry and the rule", async (_what, list, detail) => {
    const log = vi.spyOn(console, "log");
    const send = ownAdmin({ ADMIN_TOKENS: typeof list === "string" ? list : JSON.stringify(list) });
    for (let i = 0; i < 2; i++) {
      log.mockClear();
      expect((await send("GET https://lb.example/_lb/pools", bearer(good.token))).status).toBe(401);
      const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)));
      expect(lines).toContainEqual({
        time: expect.any(String),
        event: "admin_tokens_refused",
        detail: expect.stringContaining(detail),
      });
      expect(JSON.stringify(lines)).not.toContain(SECRET);
    }
    expect((await send("GET https://lb.example/_lb/pools", bearer())).status, "ADMIN_TOKEN").toBe(200);
  });
});
