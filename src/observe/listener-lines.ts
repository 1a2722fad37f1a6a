/**
 * Observations of the connection over which a database tells of changes → lines of the text log: of
 * notifications in PostgREST's words, of change streams in words that fit them. Beside
 * `log-lines.ts`, which has the rest.
 */
import { assertNever } from '../core/assert-never.ts'
import { always, type LogLine, oneLine, seconds } from './log-line.ts'
import type { FeedName, Observation } from './observation.ts'

type Listening = Extract<
  Observation,
  { readonly kind: 'listener-connected' | 'listener-failed' | 'listener-retry' | 'notification' }
>
type Unknown = Extract<Observation, { readonly kind: 'notification-unknown' }>

/** What is listened for. */
const heard: Readonly<Record<FeedName, string>> = {
  notify: 'database notifications',
  'change-stream': 'schema changes',
}

export function listenerLine(observation: Listening | Unknown): LogLine {
  if (observation.kind === 'notification-unknown') return unknownLine(observation)
  const what = heard[observation.feed]
  switch (observation.kind) {
    case 'listener-connected': {
      const { serverVersion, address } = observation
      return always(
        `Listener connected to ${serverVersion} on "${address}" and listening for ${what} ${feedText(observation)}`,
      )
    }
    case 'listener-failed':
      return always(
        `Failed listening for ${what} ${feedText(observation)}. ${oneLine(observation.cause)}`,
      )
    case 'listener-retry':
      return always(
        `Retrying listening for ${what} in ${seconds(observation.retryInMs)} seconds...`,
      )
    case 'notification':
      return always(`Received ${toldOf(observation)} ${feedText(observation)}`)
    default:
      return assertNever(observation)
  }
}

/** Where a feed is heard, in words that go on from a verb. */
export function feedText({
  feed,
  channel,
}: {
  readonly feed: FeedName
  readonly channel: string
}): string {
  return feed === 'notify' ? `on the "${channel}" channel` : `in the change stream of "${channel}"`
}

function toldOf({
  feed,
  scope,
  times,
}: Extract<Listening, { readonly kind: 'notification' }>): string {
  const what =
    feed === 'change-stream'
      ? 'schema change'
      : `${scope === 'schema' ? 'schema cache' : 'config'} reload message`
  return times === 1 ? `a ${what}` : `${times} ${what}s`
}

function unknownLine({ channel, payload, times }: Unknown): LogLine {
  const [what, last] = times === 1 ? ['a message', ''] : [`${times} messages`, 'the last one, ']
  const asks = times === 1 ? 'asks' : 'ask'
  return {
    level: 'error',
    texts: [
      `Received ${what} on the "${channel}" channel that ${asks} for nothing: ${last}${JSON.stringify(payload)} is neither "reload schema" nor "reload config"`,
    ],
  }
}
