/** Words that every object of JavaScript has by itself are words like any others in the files of other balancers. */
import { describe, expect, test } from "vitest";
import { importing as importingHaproxy } from "../../support/haproxy-configs.ts";
import { importing as importingNginx } from "../../support/nginx-configs.ts";

/** A word that means nothing to anybody. */
const PLAIN = "zzz";
const ODD = ["constructor", "toString", "hasOwnProperty", "__proto__"];

const haproxy = (word: string) => `defaults
 mode http
 timeout server 10s
frontend www
 bind :443
 ${word} 1
 option ${word}
 http-request ${word}
 http-request set-header x-one %[${word}]
 http-request set-header x-two %${word.replace(/\W|_/g, "")}
 http-request add-header ${word} 1 if { path /odd }
 http-response set-header ${word} 1
 use_backend b if { nbsrv(${word}) lt 1 }
 default_backend b
backend b
 retry-on ${word}
 balance hash ${word}(1)
 server a a.example.com:80 ${word}
backend ${word}
 server a a.example.com:80
`;

const nginx = (word: string) => `
upstream up { server a.example.com ${word}; server b.example.com; ${word}; }
server {
  server_name www.example.com;
  ${word}_block on;
  proxy_${word} on;
  location / { proxy_pass http://up; add_header x-a $${word}; proxy_set_header ${word} 1; add_header ${word} 2; }
  location /go/ { return 301 https://$${word}/; }
}`;

/** All that an import makes and says of a text, with the plain word in the place of `word`. */
function outcome(importing: typeof importingHaproxy | typeof importingNginx, text: string, word: string) {
  const { config, said } = importing(text);
  const id = word.replace(/^_+/, "");
  return JSON.stringify({ config, said })
    .toLowerCase()
    .replaceAll(word.toLowerCase(), PLAIN)
    .replaceAll(`"${id.toLowerCase()}"`, `"${PLAIN}"`)
    .replaceAll(word.toLowerCase().replace(/_/g, ""), PLAIN)
    .replace(/:\d+:\d+/g, "");
}

describe.each(ODD)("%s", (word) => {
  test("in a file of HAProxy's", () => {
    expect(outcome(importingHaproxy, haproxy(word), word)).toBe(
      outcome(importingHaproxy, haproxy(PLAIN), PLAIN),
    );
  });

  test("in a file of nginx's", () => {
    expect(outcome(importingNginx, nginx(word), word)).toBe(outcome(importingNginx, nginx(PLAIN), PLAIN));
  });

  test("as a name that no acl has", () => {
    const text = haproxy(PLAIN).replace("{ path /odd }", word);
    expect(() => importingHaproxy(text)).toThrow(`there is no acl ${word} in this section`);
  });
});
