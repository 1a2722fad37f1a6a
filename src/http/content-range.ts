/**
 * Rows sent and rows there are → `Content-Range` and the status that goes with it.
 *
 * Rule  PostgREST docs: pagination_count
 */
import type { Header } from '../core/http-exchange.ts'

/**
 * Shape   (0, 4, 10) → `0-4/10`; no total → `0-4/*`; nothing in range → `*` before the slash
 */
export function contentRange(lower: number, upper: number, total: number | null): Header {
  const range = total !== 0 && lower <= upper ? `${lower}-${upper}` : '*'
  return ['Content-Range', `${range}/${total ?? '*'}`]
}

/** 416 when the window begins past the total, 206 when there is more than was sent, else 200. */
export function rangeStatus(offset: number, rows: number, total: number | null): 200 | 206 | 416 {
  if (total === null) return 200
  if (offset > total) return 416
  return rows < total ? 206 : 200
}
