/** `POST /explain` in tests, and origins that answer. */
import { expect, inject } from "vitest";
import { ask } from "./admin-support.ts";

export const urls = inject("origins");
/** An origin at one of them. */
export const live = (id: string, index: number, fields: object = {}) => ({ id, url: urls[index], ...fields });

export interface Candidate {
  id: string;
  kept: boolean;
  reason: string;
}

/** @returns the answer, with the candidates' reasons by id */
export async function explain(url: string, more: object = {}) {
  const { status, body } = await ask("POST /explain", { body: { url, ...more } });
  expect(status).toBe(200);
  const reasons = Object.fromEntries((body.candidates as Candidate[]).map(({ id, reason }) => [id, reason]));
  return { ...body, reasons };
}
