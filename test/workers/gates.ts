/** Controls answers that origins delay until a test releases them; see test/support/loopback-origins.ts. */
import { expect, inject } from "vitest";
import { eventually } from "./test-clock.ts";

const [origin = ""] = inject("origins");

/** Releases all answers that wait at the gate. Later ones do not wait. */
export async function openGate(gate: string): Promise<void> {
  await (await fetch(`${origin}/open?gate=${gate}`)).text();
}

/** Waits until this many requests wait at the gate. */
export async function stands(gate: string, requests = 1): Promise<void> {
  const waiting = async () => Number(await (await fetch(`${origin}/waiting?gate=${gate}`)).text());
  await eventually(async () => expect(await waiting()).toBe(requests));
}
