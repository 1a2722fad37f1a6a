/**
 * A request that found the schema behind → what the record of the reload tells of it: method, path
 * and the name that it was about. No value of the request is in it, nor a word of its query.
 */
import type { ApiError } from '../errors/api-error.ts'
import type { AskingRequest } from '../observe/reload-record.ts'

/** Clients choose paths and names; what is shown of them ends here. */
const mostChars = 200

/** @param error why the schema is doubted; null: no error said so */
export function askingRequest(
  { method, path }: { readonly method: string; readonly path: string },
  error: ApiError | null,
): AskingRequest {
  const names = error === null ? null : nameIn(error)
  return {
    method: method.slice(0, mostChars),
    path: path.slice(0, mostChars),
    names: names === null ? null : names.slice(0, mostChars),
  }
}

/** What the request names; of what a database said its code alone, since its words may hold values. */
function nameIn(error: ApiError): string | null {
  switch (error.kind) {
    case 'relation-not-found':
      return `${error.schema}.${error.relation}`
    case 'column-not-found':
      return `${error.relation}.${error.column}`
    case 'relationship-not-found':
    case 'ambiguous-relationship':
      return `${error.origin} → ${error.target}`
    case 'function-not-found':
      return `${error.schema}.${error.name}(${error.argumentNames.join(', ')})`
    case 'ambiguous-function':
      return error.signatures[0] ?? null
    case 'database':
      return error.failure.sqlState
    default:
      return null
  }
}
