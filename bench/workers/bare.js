/** What everything is measured against: a Worker that does nothing but pass the request to one origin. */
export default {
  fetch(request, env) {
    const { url } = request;
    const target = url.slice(url.indexOf("/", 8));
    if (target.startsWith("/none")) return new Response("hello from Worker\n");
    return fetch(env.ORIGIN + target, request);
  },
};
