/**
 * The address at which the balancer listens, and the error for a port that is in use.
 * @module
 */
import { once } from "node:events";
import { createServer } from "node:net";

/** The socket listens on loopback only, so the claimed addresses of clients can be trusted. */
export const HOST = "127.0.0.1";

/** The port is taken. */
export class PortInUseError extends Error {
  constructor(port: number, flag = "--port") {
    super(
      `port ${port} on ${HOST} is already in use: stop what listens there, or choose another with ${flag}`,
    );
  }
}

/** @throws PortInUseError, long before workerd would notice */
export async function refuseTakenPort(port: number, flag?: string): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, HOST);
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") throw new PortInUseError(port, flag);
    throw error;
  }
  server.close();
  await once(server, "close");
}
