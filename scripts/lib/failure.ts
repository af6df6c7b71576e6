/** It could not be done; the message says why, and what to do about it, to whoever ran the command. @module */
export class Failure extends Error {}
