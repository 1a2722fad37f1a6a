/**
 * `--types typescript --out FILE --watch`: a database followed as a server follows it, with all its
 * sources and retries, but without sockets. Each snapshot that is published goes into the file.
 */
import type { CacheState } from './cache/cache-state.ts'
import type { Server } from './compose.ts'
import { composeFollower, type FollowerDeps } from './compose-follower.ts'
import { printDatabase } from './typescript/print-database.ts'
import { writeTypes } from './write-types.ts'

/** `out`: the file. The API and the admin server of the configuration are not started. */
export function composeTypes(deps: FollowerDeps, out: string): Server {
  const follower = composeFollower(deps)
  const { observe, scope } = follower

  function write(state: CacheState): void {
    if (state.kind !== 'ready') return
    const outcome = writeTypes(out, printDatabase(state.snapshot))
    if (!outcome.ok) observe({ kind: 'types-failed', cause: outcome.error })
    else if (outcome.value === 'written') observe({ kind: 'types-written', file: out })
  }

  async function start(): Promise<void> {
    const { pipeline } = await follower.open()
    const states = pipeline.cacheState$.subscribe(write)
    scope.add(() => states.unsubscribe())
    await pipeline.start()
  }

  return {
    observe,
    start,
    urls: () => null,
    stop: () => scope.close(),
  }
}
