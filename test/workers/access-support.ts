/** Plays Cloudflare Access: it has test keys, and calls the admin API with assertions that it signs. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { createAdmin } from "../../src/admin/app.ts";
import type { Env } from "../../src/platform/env.ts";

const { ADMIN_TOKEN: _, ADMIN_TOKENS: __, ...closed } = env;

const settings = {
  ACCESS_TEAM_DOMAIN: "team.cloudflareaccess.com",
  ACCESS_AUD: "app-audience",
  ACCESS_SCOPE: "admin",
};
export const issuer = `https://${settings.ACCESS_TEAM_DOMAIN}`;

export async function world(more: Partial<Env> = {}) {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "RS256" }] };
  const asked: string[] = [];
  const goodAnswer = (): Response => Response.json(keys);
  /** How Access's keys are answered; a test may change it. */
  const access = { answer: goodAnswer, goodAnswer };
  const admin = createAdmin({
    fetchKeys: async (url) => {
      asked.push(url);
      return access.answer();
    },
  });
  const sign = (
    claims: object = {},
    { aud = settings.ACCESS_AUD, iss = issuer, exp = "5m", kid = "k1" } = {},
  ) =>
    new SignJWT({ email: "ann@example.com", ...claims })
      .setProtectedHeader({ alg: "RS256", kid })
      .setIssuer(iss)
      .setAudience([aud])
      .setIssuedAt()
      .setExpirationTime(exp)
      .sign(privateKey);
  const call = async (jwt: string, line = "GET /pools", init: RequestInit = {}) => {
    const [method = "GET", path = ""] = line.split(" ");
    const headers = { "cf-access-jwt-assertion": jwt, ...init.headers };
    const request = new Request(`https://lb.example/_lb${path}`, { method, ...init, headers });
    return await admin.fetch(request, { ...closed, ...settings, ...more }, createExecutionContext());
  };
  return { sign, call, asked, access };
}
