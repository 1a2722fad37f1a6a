/**
 * Milliseconds as Node's timers take them. Beyond 31 bits a timer fires at once, so that a limit
 * meant as "never" would end everything immediately; here it is cut to 24 days.
 */
export const longestTimerMs = 2 ** 31 - 1

export function timerMs(ms: number): number {
  return Math.min(ms, longestTimerMs)
}
