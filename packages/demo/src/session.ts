/** What the server's session says; its keys are new at every start of the server. */
export interface Session {
  user: string;
  token: string;
  api_key: string;
  publish_url: string;
  rooms: string[];
}

/** Rooms to ask for, beside the one that the server prints its curl for. */
const ROOMS = ['orders', 'order_123'];

/** A server that does not answer within this is away, in milliseconds. */
const TIMEOUT = 5000;

/** A user's session. Throws while the server is away, which the client takes for a reason to try again. */
export async function loadSession(user: string): Promise<Session> {
  const query = new URLSearchParams({ user, rooms: ROOMS.join(',') });
  const response = await fetch(`/demo/session?${query}`, { signal: AbortSignal.timeout(TIMEOUT) });
  if (!response.ok) throw new Error(`the server gives no session: HTTP ${response.status}`);
  return response.json();
}
