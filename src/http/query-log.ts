/**
 * `log-query`: tells the statements that a request was run as, together with the status that its
 * answer has, since the log shows them at the level of that answer.
 *
 * Rule  PostgREST docs: observability (Logs)
 */
import type { Config } from '../config/config.ts'
import type { Answer } from '../core/http-exchange.ts'
import type { Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import { renderError } from '../errors/error-envelope.ts'
import type { Observe } from '../observe/observation.ts'

export function logQueries(
  observe: Observe,
  config: Pick<Config, 'logQuery' | 'clientErrorVerbosity'>,
  statements: readonly string[],
  outcome: Result<Answer, ApiError>,
): void {
  if (!config.logQuery) return
  const { status } = outcome.ok
    ? outcome.value
    : renderError(outcome.error, config.clientErrorVerbosity)
  observe({ kind: 'queries', statements, status })
}
