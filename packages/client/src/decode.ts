/** Reads what is base64url of JSON in ASCII, as tokens' claims and greetings' cursors are; undefined for anything else. */
// biome-ignore lint/suspicious/noExplicitAny: whoever asks knows what it should be
export function decode(text: string | undefined): any {
  try {
    return JSON.parse(atob((text as string).replace(/-/g, '+').replace(/_/g, '/')));
  } catch {
    return undefined;
  }
}
