/** The error of a command that failed. Its message tells the user the reason and what to do. @module */
export class Failure extends Error {}
