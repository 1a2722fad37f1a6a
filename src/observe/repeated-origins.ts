/**
 * Origins of reloads that ask again and again by themselves, by clocks or by clients, for as long as
 * the reason lasts: they neither hasten what is owed, nor fill the history with what is known.
 */
export const repeatedOrigins = [
  'poll',
  'stale-name',
  'stale-hit',
  'stale-mark',
  'connection-lost',
  'fleet',
] as const
