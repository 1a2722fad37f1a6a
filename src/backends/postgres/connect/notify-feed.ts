/**
 * PostgreSQL's feed: LISTEN on `db-channel`, on a server that can be written to. Each connection
 * listens to a private channel as well, over which a NOTIFY of our own proves that it hears, and to
 * one on which the processes that serve this database talk to each other.
 *
 * Rule  PostgREST docs: listener; where they say that an empty payload reloads both, 16.2
 *       reloads the configuration only while `db-config` is on, and so after `reload schema`
 */
import { createHash, randomBytes } from 'node:crypto'
import type { ReloadScope } from '../../../cache/reload-signal.ts'
import type { FeedPlace, PushFeed } from '../../../cache/schema-feed.ts'
import type { Config } from '../../../config/config.ts'
import { failureText } from '../../../core/failure-text.ts'
import type { ControlConnection, ControlQuery } from './control-connection.ts'
import { type ListeningConnection, openListeningConnection } from './listening-connection.ts'
import { fleetChannel, parsePeerWord, printPeerWord } from './peer-words.ts'

export interface NotifyFeedDeps {
  /** The configuration now in force. */
  readonly config: () => Pick<Config, 'dbConfig'>
  /** Runs queries on a server that can be written to. */
  readonly onPrimary: ControlConnection['run']
  /** Runs queries on the server that requests read from. */
  readonly onReads: ControlConnection['run']
  /** Options of a pg client for the server that `onPrimary` has found. */
  readonly clientConfig: () => Readonly<Record<string, unknown>>
  /** Whether `onPrimary` and the listener go where `db-channel-uri` leads. */
  readonly hasOwnWay: boolean
  /** Whether the database itself notifies of each change, by a schema mark. */
  readonly isMarked: () => boolean
  readonly listen?: typeof openListeningConnection
}

/** Milliseconds for one of the feed's small questions. */
const questionLimitMs = 5000

/** Milliseconds between two looks for what moves no mark. */
const backstopMs = 60_000

const replayedSql =
  'select (not pg_is_in_recovery() or pg_last_wal_replay_lsn() >= $1::pg_lsn)::text as value'

/** The server that answers: those of a cluster share a channel, but not the moment of their start. */
const serverSql = 'select pg_postmaster_start_time()::text as value'

/** What a notification asks for; null: it is not addressed to us. */
export function scopeOfPayload(payload: string, dbConfig: boolean): ReloadScope | null {
  switch (payload) {
    case '':
    case 'reload schema':
      return dbConfig ? 'both' : 'schema'
    case 'reload config':
      return 'config'
    default:
      return null
  }
}

async function readValue(
  query: ControlQuery,
  text: string,
  params: readonly string[] = [],
): Promise<string> {
  const [row] = await query(text, params)
  return row?.['value'] ?? ''
}

/** Nothing is connected before `open`. What the feed rejects with is told in libpq's words. */
export function createNotifyFeed(deps: NotifyFeedDeps): PushFeed {
  const { config, onPrimary, onReads, clientConfig, listen = openListeningConnection } = deps
  /** Where two options lead to databases it is told in which of them something is wrong. */
  const named = <T>(work: Promise<T>): Promise<T> =>
    deps.hasOwnWay
      ? work.catch((failure: unknown) => {
          throw new Error(`db-channel-uri: ${failureText(failure)}`, { cause: failure })
        })
      : work
  const inTime = () => AbortSignal.timeout(questionLimitMs)
  // random, so that no other process on the database has the same one
  const process = randomBytes(8).toString('hex')
  const probeChannel = `dbrest_${process}`
  let proofs = 0

  /** Finds the server; over a connection apart, so that a load does not silence the proofs. */
  function findServer(): Promise<FeedPlace> {
    return onPrimary(
      async (query, address) => ({
        address,
        serverVersion: await readValue(query, 'select version() as value'),
      }),
      inTime(),
    )
  }

  async function notify(channel: string, payload: string): Promise<void> {
    await onPrimary((query) => query('select pg_notify($1, $2)', [channel, payload]), inTime())
  }

  return {
    kind: 'push',
    hasOwnWay: deps.hasOwnWay,
    name: 'notify',
    channel: ({ dbChannel, dbChannelEnabled }) => (dbChannelEnabled ? dbChannel : null),
    unproven: 'a notification of our own did not come back',
    open(channel, handlers) {
      let connection: ListeningConnection | null = null
      let isClosed = false
      let onProbe = (_payload: string) => {}

      function onSignal(payload: string, place = channel): void {
        const scope = scopeOfPayload(payload, config().dbConfig)
        if (scope === null) handlers.onUnknown(payload, place)
        else handlers.onChange(scope, place)
      }

      async function begin(): Promise<FeedPlace> {
        const place = await findServer()
        if (isClosed) throw new Error('the connection was closed before it was made')
        connection = listen(
          clientConfig(),
          { signal: channel, fleet: fleetChannel, probe: probeChannel },
          {
            onSignal: (payload) => onSignal(payload),
            onFleet: (payload) => {
              const heard = parsePeerWord(payload, process)
              if (heard !== null) {
                if (heard.kind === 'peer') handlers.onPeer(heard.word, heard.process)
              } else if (payload === '' && channel !== fleetChannel) {
                // the event triggers of the schema mark send no payload
                handlers.onChange('schema', fleetChannel)
              } else {
                // `db-channel` may have the same name
                onSignal(payload, fleetChannel)
              }
            },
            onProbe: (payload) => onProbe(payload),
            onLost: handlers.onLost,
          },
        )
        await connection.ready
        return place
      }

      return {
        ready: named(begin()),
        prove() {
          // never used twice: what was sent for an earlier connection proves nothing of this one
          proofs += 1
          const token = String(proofs)
          return new Promise((resolve, reject) => {
            onProbe = (payload) => {
              if (payload === token) resolve()
            }
            named(notify(probeChannel, token)).catch(reject)
          })
        },
        close() {
          isClosed = true
          connection?.close()
        },
      }
    },
    restMs: () => (deps.isMarked() ? backstopMs : null),
    peers: {
      async view({ dbSchemas, dbExtraSearchPath }) {
        const server = await onReads((query) => readValue(query, serverSql), inTime())
        const looked = JSON.stringify([server, dbSchemas, dbExtraSearchPath])
        return createHash('sha256').update(looked).digest('base64url')
      },
      tell: (word) => notify(fleetChannel, printPeerWord(word, process)),
    },
    catchUp: {
      async position() {
        const isReplica = await onReads(
          (query) => readValue(query, 'select pg_is_in_recovery()::text as value'),
          inTime(),
        )
        if (isReplica !== 'true') return null
        return onPrimary(
          (query) => readValue(query, 'select pg_current_wal_insert_lsn() as value'),
          inTime(),
        )
      },
      async isReached(position) {
        const isReached = await onReads(
          (query) => readValue(query, replayedSql, [position]),
          inTime(),
        )
        return isReached === 'true'
      },
    },
  }
}
