/**
 * Types of the messages between the soak and the processes of its origins.
 * @module
 */

/** Faults of an origin. The soak applies `kill` and `hang` to its process; the origin does the others itself. */
export const FAULTS = [
  /** SIGKILL; a new process on the same port when the fault ends. */
  "kill",
  /** SIGSTOP, then SIGCONT: the system accepts connections and nothing answers. */
  "hang",
  /** RST instead of an answer. */
  "reset",
  /** Headers and half of the body, then the connection breaks off. */
  "truncate",
  /** Bytes that are not HTTP. */
  "garbage",
  "500",
  "503",
  /** Headers long after the attempt's time-out. */
  "slow",
  /** The port is closed, and open connections break off. */
  "refuse",
] as const;
export type Fault = (typeof FAULTS)[number];

/** A time in which an origin was faulty; milliseconds since the epoch. */
export interface FaultWindow {
  origin: string;
  fault: Fault;
  fromMs: number;
  /** Infinity while it lasts. */
  toMs: number;
}

export const ORIGIN_NAMES = ["a", "b", "c"] as const;

/** A request as it arrived at an origin: one line of its ledger, written before anything else is done with it. */
export interface Arrival {
  id: string;
  origin: string;
  method: string;
  /** It must not arrive again at any origin. */
  once: boolean;
}

/** Messages to an origin's process. It answers each: what it is asked, or null once the order is carried out. */
export type Order = { fault: Fault | null } | { ask: "open" };

/** Requests and connections open at an origin, probes excepted. */
export interface OpenAtOrigin {
  /** Each one described in a few words. */
  requests: string[];
  webSockets: number;
  sockets: number;
}

export const ID_HEADER = "x-soak-id";
/** Marks a request that may be sent once only. */
export const ONCE_HEADER = "x-soak-once";
/** Names the origin that answered. */
export const ORIGIN_HEADER = "x-origin";
/** Marks an answer that is a fault. */
export const FAULT_HEADER = "x-fault";

/** Seconds until an attempt's headers must come, also on a busy machine. A slow origin takes twice as long. */
export const ATTEMPT_TIMEOUT_S = 8;
