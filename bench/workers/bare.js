/** The bare pass-through: a Worker that only passes the request to one origin. All others are compared with it. */
export default {
  fetch(request, env) {
    const { url } = request;
    const target = url.slice(url.indexOf("/", 8));
    if (target.startsWith("/none")) return new Response("hello from Worker\n");
    return fetch(env.ORIGIN + target, request);
  },
};
