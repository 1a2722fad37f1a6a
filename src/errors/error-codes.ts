/**
 * Code and status of every kind of error. Kinds whose status is told from what they hold (tokens,
 * the database's own words) are worked out in error-envelope.ts.
 *
 * Rule  PostgREST docs: errors
 */
import type { ApiError } from './api-error.ts'

interface CodeAndStatus {
  readonly code: `PGRST${string}`
  readonly status: number
}

export type FixedKind = Exclude<ApiError['kind'], 'jwt' | 'database' | 'raised'>

export const errorCodes = {
  connection: { code: 'PGRST000', status: 503 },
  'connection-lost': { code: 'PGRST001', status: 503 },
  'cache-not-loaded': { code: 'PGRST002', status: 503 },
  'acquisition-timeout': { code: 'PGRST003', status: 504 },
  'query-syntax': { code: 'PGRST100', status: 400 },
  'invalid-rpc-method': { code: 'PGRST101', status: 405 },
  'invalid-body': { code: 'PGRST102', status: 400 },
  'invalid-range': { code: 'PGRST103', status: 416 },
  'invalid-filters': { code: 'PGRST105', status: 405 },
  'unacceptable-schema': { code: 'PGRST106', status: 406 },
  'media-type': { code: 'PGRST107', status: 406 },
  'not-embedded': { code: 'PGRST108', status: 400 },
  'guc-headers': { code: 'PGRST111', status: 500 },
  'guc-status': { code: 'PGRST112', status: 500 },
  'put-limit': { code: 'PGRST114', status: 400 },
  'put-matching-pk': { code: 'PGRST115', status: 400 },
  'not-singular': { code: 'PGRST116', status: 406 },
  'unsupported-method': { code: 'PGRST117', status: 405 },
  'related-order-not-to-one': { code: 'PGRST118', status: 400 },
  'raise-unparsable': { code: 'PGRST121', status: 500 },
  'invalid-preferences': { code: 'PGRST122', status: 400 },
  'aggregates-not-allowed': { code: 'PGRST123', status: 400 },
  'max-affected': { code: 'PGRST124', status: 400 },
  'invalid-path': { code: 'PGRST125', status: 404 },
  'openapi-disabled': { code: 'PGRST126', status: 404 },
  'not-implemented': { code: 'PGRST127', status: 400 },
  'max-affected-rpc': { code: 'PGRST128', status: 400 },
  'relationship-not-found': { code: 'PGRST200', status: 400 },
  'ambiguous-relationship': { code: 'PGRST201', status: 300 },
  'function-not-found': { code: 'PGRST202', status: 404 },
  'ambiguous-function': { code: 'PGRST203', status: 300 },
  'column-not-found': { code: 'PGRST204', status: 400 },
  'relation-not-found': { code: 'PGRST205', status: 404 },
  // Ours: what the edges of the server answer. PostgREST has none but PGRSTX00 for bugs.
  'malformed-request': { code: 'PGRSTX00', status: 400 },
  internal: { code: 'PGRSTX01', status: 500 },
  'reload-failed': { code: 'PGRSTX02', status: 503 },
  'too-complex': { code: 'PGRSTX06', status: 400 },
  'cross-origin': { code: 'PGRSTX03', status: 403 },
  'admin-token-required': { code: 'PGRSTX04', status: 401 },
  'foreign-host': { code: 'PGRSTX05', status: 403 },
  'too-many-watchers': { code: 'PGRSTX07', status: 503 },
  'request-timeout': { code: 'PGRSTX08', status: 408 },
  'precondition-failed': { code: 'PGRSTX12', status: 412 },
  'body-too-large': { code: 'PGRSTX13', status: 413 },
  'target-too-long': { code: 'PGRSTX14', status: 414 },
  'rate-limited': { code: 'PGRSTX29', status: 429 },
  'headers-too-large': { code: 'PGRSTX31', status: 431 },
} as const satisfies Record<FixedKind, CodeAndStatus>

export const jwtCodes = {
  'secret-missing': { code: 'PGRST300', status: 500 },
  undecodable: { code: 'PGRST301', status: 401 },
  'token-required': { code: 'PGRST302', status: 401 },
  claims: { code: 'PGRST303', status: 401 },
} as const satisfies Record<Extract<ApiError, { kind: 'jwt' }>['failure']['kind'], CodeAndStatus>

/** Codes that were once sent and stay taken. */
export const retiredCodes = [
  'PGRST104', // a request that could not be parsed
  'PGRST109', // UPDATE or DELETE with limit, without order
  'PGRST110', // more rows changed than limit allows
  'PGRST113', // binary output of several columns
  'PGRST119', // spread of a to-many embed
  'PGRST120', // an embed filtered by anything but null
] as const
