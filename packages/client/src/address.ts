/**
 * The address to open, from what the application gave (`ws`, `wss`, `http` or `https`; relative to the page; without a
 * path: `/v1/ws`) or, when it gave nothing, from the page's own host. Undefined parameters are left out.
 * Throws where that is no address.
 */
export function address(given: string | undefined, query: Record<string, string | undefined>): string {
  const url = new URL(given ?? '/', globalThis.location?.href);
  url.protocol = url.protocol.replace('http', 'ws');
  if (url.pathname === '/') url.pathname = '/v1/ws';
  for (const name in query) if (query[name]) url.searchParams.set(name, query[name]);
  return url.href;
}
