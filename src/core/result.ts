/**
 * The outcome of a step that a client's mistake can end: a value, or the reason there is none.
 * Parsing, planning and executing return it; `throw` is kept for bugs and for a failed start.
 */
export type Result<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E }

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error }
}
