/**
 * Ports that are nobody else's: for origins that stop listening and come back, for programs that are told where to
 * listen, and for addresses where nothing may listen.
 * @module
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below those that systems give to whoever asks for any port: Linux gives 32,768 and up, others 49,152 and up. */
const [FIRST_PORT, PORTS] = [12_000, 20_000];

/** A port where nothing listens, and that no other test takes while this process runs. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if ((await isReserved(port)) && (await isFree(port))) return port;
  }
}

/** Takes the UDP port of the same number for as long as this process runs, which tells the tests in other processes. */
async function isReserved(port: number): Promise<boolean> {
  const sign = createSocket("udp4");
  const isTaken = await new Promise<boolean>((resolve) => {
    sign.once("error", () => resolve(true));
    sign.bind({ port, address: "127.0.0.1", exclusive: true }, () => resolve(false));
  });
  if (isTaken) sign.close();
  else sign.unref();
  return !isTaken;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
