/**
 * What the log says of the configuration: that it was read again, and what is wrong with it.
 */
import { assertNever } from '../core/assert-never.ts'
import { errorLogJson } from '../errors/error-envelope.ts'
import { always, type LogLine, oneLine } from './log-line.ts'
import type { Observation } from './observation.ts'

type AboutConfig = Extract<
  Observation,
  { readonly kind: `config-${string}` | 'deprecated-claim-key' }
>

export function configLine(observation: AboutConfig): LogLine {
  switch (observation.kind) {
    case 'config-loaded':
      return always('Config reloaded')
    case 'config-invalid':
      return always(...observation.problems.map((p) => `Failed reloading config: ${oneLine(p)}`))
    case 'config-warnings':
      return always(...observation.warnings.map((warning) => `WARNING: ${oneLine(warning)}`))
    case 'config-settings-failed':
      return always(
        `Failed to query database settings for the config parameters. ${errorLogJson(observation.error)}`,
      )
    case 'config-needs-restart':
      return always(
        `These options take effect at the next start: ${observation.options.join(', ')}`,
      )
    case 'deprecated-claim-key': {
      const { before } = observation
      const option = `\`jwt-role-claim-key=${before}\``
      return always(
        `WARNING: The config ${option} is using the deprecated JSPath syntax.`,
        `Update ${option} to the new JSONPath syntax as support for JSPath will be removed in a future release. See the migration guide on how to update: https://github.com/PostgREST/postgrest/blob/main/CHANGELOG.md#migration-to-v16`,
      )
    }
    default:
      return assertNever(observation)
  }
}
