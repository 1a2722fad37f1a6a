/**
 * The order in which a server begins: connect → listen → load. The feed opens once the first
 * connection was had or refused, so that the log tells them in this order, and the first load waits
 * until the feed guards it, or has failed and is tried again beside it.
 */
import { type Observable, ReplaySubject, switchMap, take } from 'rxjs'
import type { SchemaFeed } from '../cache/schema-feed.ts'
import type { Observe } from '../observe/observation.ts'
import type { SourceHealth } from './source-health.ts'

export interface FirstLoadDeps {
  readonly database: {
    readonly feed: SchemaFeed
    /** The server's own description. Rejects when it cannot be connected to. */
    serverVersion(signal: AbortSignal): Promise<string>
    poolStats(): { readonly max: number }
  }
  readonly health: Pick<SourceHealth, 'settled'>
  readonly observe: Observe
}

export interface FirstLoad {
  /**
   * What a load waits for, which is nothing once one load has connected. Rejects when connecting
   * fails.
   */
  readonly prepare: (signal: AbortSignal) => Promise<void>
  /** The same stream, from the moment on that the first connection was had or refused. */
  readonly onceConnected: <T>(stream$: Observable<T>) => Observable<T>
}

export function createFirstLoad({ database, health, observe }: FirstLoadDeps): FirstLoad {
  const triedSubject = new ReplaySubject<void>(1)
  let isConnected = false

  async function connect(signal: AbortSignal): Promise<void> {
    try {
      const serverVersion = await database.serverVersion(signal)
      isConnected = true
      observe({ kind: 'database-connected', serverVersion })
      observe({ kind: 'pool-ready', max: database.poolStats().max })
    } finally {
      triedSubject.next()
    }
  }

  return {
    async prepare(signal) {
      if (isConnected) return
      await connect(signal)
      if (database.feed.kind === 'push') await health.settled(database.feed.name)
    },
    onceConnected: (stream$) =>
      triedSubject.pipe(
        take(1),
        switchMap(() => stream$),
      ),
  }
}
