/** reflare with three upstreams, set up as its README shows. */
import useReflare from "reflare";

export default {
  async fetch(request, env) {
    const reflare = await useReflare();
    const ports = env.PORTS.split(",").map(Number);
    reflare.push({
      path: "/*",
      upstream: ports.map((port) => ({ domain: "127.0.0.1", protocol: "http", port })),
      loadBalancing: { policy: "random" },
    });
    return reflare.handle(request);
  },
};
