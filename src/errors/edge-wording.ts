/**
 * The words of errors that are not of the contract but ours, with codes that begin with `PGRSTX`: what the
 * edges of the server answer. Those of the contract are in `error-fields.ts`.
 */
import { assertNever } from '../core/assert-never.ts'
import { type ErrorOf, say, type Wording } from './wording.ts'

function sizeWording(what: string, limitBytes: number): Wording {
  return say(`${what} too large`, `The limit is ${limitBytes} bytes`)
}

/** Whole seconds after which what was refused for `retryInMs` is let through. */
export function retrySeconds(retryInMs: number): number {
  return Math.max(1, Math.ceil(retryInMs / 1000))
}

export function edgeWording(
  error: ErrorOf<
    | 'malformed-request'
    | 'internal'
    | 'reload-failed'
    | 'too-complex'
    | 'cross-origin'
    | 'admin-token-required'
    | 'foreign-host'
    | 'too-many-watchers'
    | 'request-timeout'
    | 'precondition-failed'
    | 'body-too-large'
    | 'target-too-long'
    | 'rate-limited'
    | 'headers-too-large'
  >,
): Wording {
  switch (error.kind) {
    case 'too-complex':
      return say('The request is too complex', error.details)
    case 'internal':
      return say('Internal server error')
    case 'malformed-request':
      return say('Malformed request', error.details, error.hint ?? null)
    case 'request-timeout':
      return say('Timed out waiting for the request')
    case 'precondition-failed':
      return say(
        'Precondition failed',
        'What is there is not what If-Match names: it was changed since it was read.',
        'Read it again without If-Match, and go on from what is there now.',
      )
    case 'rate-limited':
      return say(
        'Too many requests',
        `A client may send ${error.burst} at once, and ${error.rps} a second after that.`,
        `Try again in ${retrySeconds(error.retryInMs)} s.`,
      )
    case 'body-too-large':
      return sizeWording('Request body', error.limitBytes)
    case 'target-too-long':
      return sizeWording('Request target', error.limitBytes)
    case 'headers-too-large':
      return sizeWording('Request headers', error.limitBytes)
    case 'reload-failed':
      return say('Reload failed', error.details)
    case 'cross-origin':
      return say('Cross-origin request', 'A page of another origin may not ask for this.')
    case 'admin-token-required':
      return say(
        'Admin token required',
        null,
        'Send the value of admin-server-token as Authorization: Bearer.',
      )
    case 'foreign-host':
      return say(
        'Foreign host',
        'The admin server is bound to this machine alone, and was asked by another name.',
        'Ask it at localhost, or set admin-server-token.',
      )
    case 'too-many-watchers':
      return say('Too many watchers', `At most ${error.limit} may read the events at once.`)
    default:
      return assertNever(error)
  }
}
