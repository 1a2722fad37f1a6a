/**
 * What is told of reloads: `log-lines.ts` for everything from a trigger to what it changed. Lines that
 * PostgREST has are in its words and at every level; ours are there from `error` on, the default.
 */
import { assertNever } from '../core/assert-never.ts'
import { errorLogJson } from '../errors/error-envelope.ts'
import { always, debug, type LogLine, oneLine, seconds } from './log-line.ts'
import type { Observation, SchemaChanges } from './observation.ts'

type ReloadObservation = Extract<
  Observation,
  {
    readonly kind:
      | 'trigger'
      | 'reload-started'
      | 'reload-unchanged'
      | 'reload-queried'
      | 'schema-changed'
      | 'relations-unreadable'
      | 'functions-unusable'
      | 'relationships-unusable'
      | 'patterns-unmatched'
      | 'policies-unbound'
      | 'reload-published'
      | 'reload-confirmed'
      | 'reload-failed'
      | 'reload-retry'
  }
>

function timingsText(timings: Readonly<Record<string, number>>): string {
  return Object.entries(timings)
    .map(([name, ms]) => `${name}: ${ms.toFixed(1)} ms`)
    .join(', ')
}

/** Triggers that lines of their own tell of, at every level: the start, the listener's and retries. */
const toldByOthers: ReadonlySet<string> = new Set([
  'start',
  'listener-connected',
  'notify',
  'change-stream',
  'retry',
])

/** More than these would be a line that nobody reads. */
const mostChanges = 20

/** Shape  `+api.birds, -api.fish, ~api.films(columns)`, `… and 7 more` */
function changesText({ added, removed, changed }: SchemaChanges): string {
  const all = [
    ...added.map((name) => `+${name}`),
    ...removed.map((name) => `-${name}`),
    ...changed.map((name) => `~${name}`),
  ]
  const rest = all.length - mostChanges
  return `${all.slice(0, mostChanges).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

export function reloadLine(observation: ReloadObservation): LogLine {
  switch (observation.kind) {
    case 'trigger': {
      const { origin, scope, depth, times } = observation
      const level = toldByOthers.has(origin) ? 'debug' : 'info'
      const often = times === 1 ? '' : ` ${times} times`
      return { level, texts: [`Reload asked for${often} by ${origin}: ${scope}, ${depth}`] }
    }
    case 'reload-started':
      return debug(
        `Reload started by ${observation.origin}: ${observation.scope}, ${observation.depth}`,
      )
    case 'reload-unchanged':
      return debug(
        `Schema cache is current, checked in ${observation.durationMs.toFixed(1)} milliseconds`,
      )
    case 'reload-queried':
      return {
        ...always(`Schema cache queried in ${observation.durationMs.toFixed(1)} milliseconds`),
        debugTexts: [timingsText(observation.timings)],
      }
    case 'schema-changed': {
      const { origin, changes, durationMs } = observation
      const text = oneLine(changesText(changes))
      return {
        level: 'error',
        texts: [`Reload by ${origin}: ${text}, in ${durationMs.toFixed(1)} milliseconds`],
      }
    }
    case 'relations-unreadable':
      return {
        level: 'error',
        texts: observation.relations.map(
          ({ name, cause }) =>
            `Not served, since it cannot be read: ${oneLine(`${name}: ${cause}`)}`,
        ),
      }
    case 'functions-unusable':
      return {
        level: 'error',
        texts: observation.functions.map(
          ({ name, cause }) =>
            `Not callable, function of function-registry: ${oneLine(`${name}: ${cause}`)}`,
        ),
      }
    case 'relationships-unusable':
      return {
        level: 'error',
        texts: observation.relationships.map(
          ({ name, cause }) =>
            `Not followed, relationship of declared-relationships: ${oneLine(`${name}: ${cause}`)}`,
        ),
      }
    case 'patterns-unmatched':
      return {
        level: 'error',
        texts: observation.patterns.map(({ option, pattern }) =>
          oneLine(`No relation has the name ${JSON.stringify(pattern)} of ${option}`),
        ),
      }
    case 'policies-unbound':
      return {
        level: 'error',
        texts: observation.policies.map(({ policy, relation, problem }) => {
          const what = `the policy ${JSON.stringify(policy)} does not fit: ${problem}`
          return oneLine(`Denied to everybody: ${relation}, since ${what}`)
        }),
      }
    case 'reload-published':
    case 'reload-confirmed':
      return always(
        `Schema cache loaded ${observation.summary}`,
        `Schema cache loaded in ${observation.buildMs.toFixed(1)} milliseconds`,
      )
    case 'reload-failed':
      return always(
        `Failed to load the schema cache using db-schemas=${observation.schemas.join(',')} and db-extra-search-path=${observation.extraSearchPath.join(',')}. ${errorLogJson(observation.error)}`,
      )
    case 'reload-retry':
      return always(
        `Attempting to reconnect to the database in ${seconds(observation.retryInMs)} seconds...`,
      )
    default:
      return assertNever(observation)
  }
}
