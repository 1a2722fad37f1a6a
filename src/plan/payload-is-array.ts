/**
 * Whether a write's payload is a JSON array of objects or one object: what is inserted, and which
 * statement takes it, depends on that.
 */
import type { ApiRequest } from '../api/api-request.ts'
import { assertNever } from '../core/assert-never.ts'

/** JSON that nobody has parsed is judged by its first character; the engine checks the rest. */
export function payloadIsArray({ payload }: Pick<ApiRequest, 'payload'>): boolean {
  switch (payload?.kind) {
    case 'json':
      return payload.isArray
    case 'raw-json':
      return !/^[ \t\r\n]*\{/.test(payload.text)
    case 'form':
    case 'raw':
    case undefined:
      return false
    default:
      return assertNever(payload)
  }
}
