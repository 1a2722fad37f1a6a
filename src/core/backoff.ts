/**
 * The pause before a retry: doubling from one second up to a cap, so that a database that is down
 * is asked 1, 2, 4, … 32 s apart.
 */

/**
 * Shape   attempt 1 → 1000, 2 → 2000, … 6 and later → 32000
 * Units   milliseconds
 */
export function backoffMs(attempt: number, capMs = 32_000): number {
  return Math.min(1000 * 2 ** Math.max(0, attempt - 1), capMs)
}

/**
 * Adds up to a tenth, so that a fleet does not retry in step.
 *
 * Units   milliseconds; `random` is in [0, 1)
 */
export function withJitter(delayMs: number, random: number): number {
  return Math.round(delayMs * (1 + random / 10))
}
