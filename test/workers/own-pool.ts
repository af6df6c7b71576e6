/** Pools for single tests of the admin API, and what the API says of them. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { ask, origin } from "./admin-support.ts";

export const A = origin("a");
export const B = origin("b");

let made = 0;

/** Makes a pool that no other test uses. @returns its id */
export async function pool(fields: object = { origins: [A, B] }): Promise<string> {
  const id = `pool${made++}`;
  expect((await ask(`PUT /pools/${id}`, { body: fields })).status).toBe(201);
  return id;
}

export const kinds = async (id: string): Promise<string[]> =>
  (await ask(`GET /pools/${id}/events`)).body.events.map((event: { kind: string }) => event.kind);
export const config = async (id: string) => (await ask(`GET /pools/${id}`)).body.config;
export const stub = (id: string) => env.UPSTREAM_POOL.getByName(id);
