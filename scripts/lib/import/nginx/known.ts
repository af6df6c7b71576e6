/**
 * Directives that nothing is made of.
 * @module
 */
import type { Findings } from "../findings.ts";
import type { Directive } from "./parser.ts";

/** Read elsewhere, or about what Cloudflare and the runtime do by themselves: files, connections, TLS, compression, logs. */
const KNOWN =
  /^(proxy_.+|add_header|allow|deny|satisfy|auth_.+|limit_.+|ssl_.+|ssl|(access|rewrite|header_filter|body_filter|content|set|log|balancer|init|init_worker)_by_lua.*|lua_.+|default_type|error_page|mirror|client_.+|location|internal|return|rewrite|if|set|try_files|health_check|listen|server_name|access_log|error_log|log_.+|root|alias|index|autoindex.*|keepalive.*|send_timeout|sendfile.*|tcp_.+|gzip.*|brotli.*|server_tokens|charset.*|types.*|resolver.*|http2.*|http3.*|quic_.+|etag|if_modified_since|open_file_cache.*|underscores_in_headers|ignore_invalid_headers|merge_slashes|msie_.+|reset_timedout_connection|output_buffers|postpone_output|chunked_transfer_encoding|large_client_header_buffers|real_ip_.+|set_real_ip_from|status_zone|recursive_error_pages|.+_hash_(bucket|max)_size|absolute_redirect|port_in_redirect|server_name_in_redirect|aio|directio|lingering_.+|request_pool_size|read_ahead|fastcgi_.+|uwsgi_.+|scgi_.+|grpc_.+|memcached_.+|opentelemetry.*|otel_.+|api|status|stub_status)$/;

/** Says what of `block`, which passes requests on, is not understood. */
export function reportUnknown(block: readonly Directive[], findings: Findings): void {
  for (const { name, args, at } of block) {
    if (KNOWN.test(name)) continue;
    findings.todo(at, `${[name, ...args].join(" ")}: is not known here: see whether requests depend on it`);
  }
}
