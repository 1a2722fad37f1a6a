/**
 * Whether the database's version is still that of the current snapshot: one cheap question, asked
 * past the queue of reloads, so that requests which name something unknown are answered quickly.
 * Only when it is not does a reload follow.
 */
import type { SchedulerLike } from 'rxjs'
import type { GenerationStore } from './generation-store.ts'
import { startDeadline } from './load-deadline.ts'
import type { SchemaReader } from './load-schema.ts'

/**
 * Units   `limitMs` for one answer
 * Errors  rejects when the database does not answer in time, or refuses
 */
export function createSchemaVersionCheck(deps: {
  readonly store: Pick<GenerationStore, 'current'>
  readonly reader: Pick<SchemaReader, 'schemaVersion'>
  readonly scheduler: SchedulerLike
  readonly limitMs: number
}): () => Promise<boolean> {
  const { store, reader, scheduler, limitMs } = deps
  return async () => {
    const { snapshot } = store.current()
    if (snapshot === null) return false
    const deadline = startDeadline(limitMs, scheduler)
    try {
      const reading = reader.schemaVersion(snapshot.options, deadline.signal, 'quick')
      const found = await deadline.guard(reading)
      // a reload may have published meanwhile
      return found === store.current().snapshot?.schemaVersion
    } finally {
      deadline.end()
    }
  }
}
