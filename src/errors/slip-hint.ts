/**
 * How to mend the commonest slips, for errors that PostgREST gives no hint to.
 */
import { assertNever } from '../core/assert-never.ts'
import type { Slip } from './api-error.ts'

export function slipHint(slip: Slip): string {
  switch (slip.kind) {
    case 'operator-missing':
      return `A filter has an operator before the value: ${slip.filter}`
    case 'json-sent-as-form':
      return 'The body was read as a form. If it is JSON, send the header Content-Type: application/json'
    case 'nobody-can-be-served':
      return 'Nobody can be served so far: set db-anon-role for requests without a token, or jwt-secret so that tokens are accepted'
    case 'aggregates-off-by-default':
      return 'Aggregate functions are switched on by db-aggregates-enabled'
    case 'nothing-exposed':
      return slip.schema === null
        ? 'The database has no tables or views'
        : `The schema '${slip.schema}' has no tables or views. db-schemas names the schemas that are exposed`
    default:
      return assertNever(slip)
  }
}
