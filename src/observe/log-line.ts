/**
 * One entry of the log before it is written: from which level on, and in which words.
 */

/** From which `log-level` on a line is written; `status` levels follow the answer's status. */
export type LineLevel = 'crit' | 'error' | 'info' | 'debug' | 'status' | 'never'

export interface LogLine {
  readonly level: LineLevel
  readonly status?: number
  readonly texts: readonly string[]
  /** More lines at `debug`. */
  readonly debugTexts?: readonly string[]
}

export const silent: LogLine = { level: 'never', texts: [] }

export function always(...texts: readonly string[]): LogLine {
  return { level: 'crit', texts }
}

export function debug(...texts: readonly string[]): LogLine {
  return { level: 'debug', texts }
}

/** Line breaks of a statement or message become blanks: one message, one line. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ').trimEnd()
}

/** Whole seconds, as PostgREST tells pauses. */
export function seconds(ms: number): number {
  return Math.round(ms / 1000)
}
