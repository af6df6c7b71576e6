/**
 * Starts nginx and HAProxy for comparison, if they are installed, with one worker and keep-alive connections to the
 * origins.
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { descendants } from "./cpu.ts";
import type { ProxyName } from "./scenarios.ts";
import type { Subject } from "./subjects.ts";

const HOST = "127.0.0.1";
const START_MS = 5_000;

/** @returns null if the program is not installed */
export async function startProxy(
  name: ProxyName,
  origins: readonly number[],
  directory: string,
): Promise<Subject | null> {
  const binary = which(name);
  if (binary === null) return null;
  const port = await freePort();
  await mkdir(directory, { recursive: true });
  const file = join(directory, `${name}.conf`);
  await writeFile(
    file,
    name === "nginx" ? nginxConfig(port, origins, directory) : haproxyConfig(port, origins),
  );
  const args = name === "nginx" ? ["-p", directory, "-c", file] : ["-f", file];
  const child = spawn(binary, args, { stdio: ["ignore", "ignore", "inherit"] });
  process.once("exit", () => child.kill());
  await listening(child, port, name);
  const url = `http://${HOST}:${port}`;
  // nginx listens before its worker process can answer.
  await (await fetch(`${url}/small`)).arrayBuffer();
  return {
    url,
    pids: descendants(name),
    async stop() {
      child.kill();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

function which(name: string): string | null {
  try {
    return execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return null;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function listening(child: ChildProcess, port: number, name: string): Promise<void> {
  for (const endMs = Date.now() + START_MS; Date.now() < endMs && child.exitCode === null; await wait(50)) {
    const socket = connect(port, HOST);
    const isOpen = await new Promise<boolean>((resolve) =>
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false)),
    );
    socket.destroy();
    if (isOpen) return;
  }
  child.kill();
  throw new Error(`${name} does not listen on ${port}`);
}

function nginxConfig(port: number, origins: readonly number[], directory: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((each) => `${each}_temp_path ${directory}/${each};`)
    .join(" ");
  return `daemon off; worker_processes 1; pid ${directory}/nginx.pid; error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off; ${temporary}
  upstream origins { ${origins.map((origin) => `server ${HOST}:${origin};`).join(" ")} keepalive 32; }
  server {
    listen ${HOST}:${port};
    keepalive_requests 1000000;
    location / { proxy_pass http://origins; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`;
}

function haproxyConfig(port: number, origins: readonly number[]): string {
  const servers = origins.map((origin, index) => `  server o${index} ${HOST}:${origin}`).join("\n");
  return `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  http-reuse always
frontend in
  bind ${HOST}:${port}
  default_backend origins
backend origins
  balance roundrobin
${servers}
`;
}
