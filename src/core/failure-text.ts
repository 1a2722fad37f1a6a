/**
 * Whatever was thrown → a text of it, for logs and for whoever started a command.
 */

/** What it says, without where it comes from. */
export function failureText(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure)
}

/** With where it comes from, where that is known. */
export function failureStack(failure: unknown): string {
  return failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)
}
