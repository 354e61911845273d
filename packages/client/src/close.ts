/**
 * What a close code asks of the client: stay away without (`stop`) or with an error (`final`), try a fresh token once
 * (`token`), come back at once (`now`) or after a wait (`wait`).
 */
export type CloseAction = 'stop' | 'final' | 'token' | 'now' | 'wait';

/** The action for a close code; the ranges hold for codes that do not exist yet, too. */
export function closeAction(code: number): CloseAction {
  if (code === 1000) return 'stop';
  if (code === 4001) return 'token';
  if (code >= 4000 && code < 4100) return 'final';
  return code >= 4200 && code < 4300 ? 'now' : 'wait';
}
