/**
 * SQLSTATE → HTTP status, for failures in the database's own words.
 *
 * Rule  PostgREST docs: errors (HTTP Status Codes); where docs and v16.2 differ, v16.2
 */

const byState: ReadonlyMap<string, number> = new Map([
  ['23503', 409], // foreign_key_violation
  ['23505', 409], // unique_violation
  ['25006', 405], // read_only_sql_transaction
  ['42P01', 404], // undefined_table
  ['42P17', 500], // infinite recursion
  ['53400', 500], // configuration_limit_exceeded
  ['57P01', 503], // admin_shutdown
  ['P0001', 400], // RAISE without a code
])

const byClass: ReadonlyMap<string, number> = new Map([
  ['08', 503], // connection
  ['09', 500], // triggered action
  ['0L', 403], // invalid grantor
  ['0P', 403], // invalid role
  ['25', 500], // transaction state
  ['28', 403], // authorization
  ['2D', 500], // transaction termination
  ['38', 500], // external routine
  ['39', 500], // external routine invocation
  ['3B', 500], // savepoint
  ['40', 500], // transaction rollback
  ['53', 503], // insufficient resources
  ['54', 500], // too complex
  ['55', 500], // object not in prerequisite state
  ['57', 500], // operator intervention
  ['58', 500], // system
  ['F0', 500], // configuration file
  ['HV', 500], // foreign data wrapper
  ['P0', 500], // PL/pgSQL
  ['XX', 500], // internal
])

/** Statuses that an answer can have; anything else asked for is a server error. */
export function answerableStatus(status: number): number {
  return Number.isInteger(status) && status >= 200 && status <= 599 ? status : 500
}

/**
 * `authenticated`: the request was made under another role than the anonymous one.
 *
 * Shape  `PT402` → 402; states that nobody listed → 400
 */
export function sqlStateStatus(state: string, message: string, authenticated: boolean): number {
  switch (state) {
    case '21000':
      // Only pg-safeupdate blames the client.
      return message.endsWith('requires a WHERE clause') ? 400 : 500
    case '22023':
      // The role of a token does not exist.
      return message.startsWith('role') && message.endsWith('does not exist') ? 401 : 400
    case '42883':
      // Types that XML output cannot aggregate.
      return message.startsWith('function xmlagg(') ? 406 : 404
    case '42501':
      return authenticated ? 403 : 401
    default:
      break
  }
  if (state.startsWith('PT')) {
    return /^PT\d{3}$/.test(state) ? answerableStatus(Number(state.slice(2))) : 500
  }
  return byState.get(state) ?? byClass.get(state.slice(0, 2)) ?? 400
}
