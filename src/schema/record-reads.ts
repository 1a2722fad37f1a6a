/**
 * A snapshot that notes what is read of it → whether another snapshot would have answered each read with
 * the very same object. What was worked out from the one is then true of the other: `plan-cache.ts` keeps
 * plans over reloads by it.
 */
import { runAtOnce } from '../core/run-in-slices.ts'
import type { RelationshipsBySchema } from './relationships/derive-relationships.ts'
import type { SnapshotRelationships } from './relationships/snapshot-relationships.ts'
import type { SchemaSnapshot } from './schema-snapshot.ts'

/** Data alone: who keeps it does not keep the snapshot. */
export interface SnapshotRead {
  readonly part: string
  /** Of one entry of the part; null: of all of it. */
  readonly key: string | null
  readonly found: unknown
}

export interface ReadRecorder {
  /** To be worked with: every read of it is noted, of what is not there too. */
  readonly snapshot: SchemaSnapshot
  reads(): readonly SnapshotRead[]
}

export function holdOn(reads: readonly SnapshotRead[], snapshot: SchemaSnapshot): boolean {
  return reads.every(({ part, key, found }) => answer(snapshot, part, key) === found)
}

function answer(snapshot: SchemaSnapshot, part: string, key: string | null): unknown {
  if (key === null) return Reflect.get(snapshot, part)
  if (part === 'relations') return snapshot.relations.get(key)
  return part === 'routines' ? snapshot.routines.get(key) : snapshot.relationships.get(key)
}

/** Notes a read of one entry of a part, or of all of it. */
type Note = (key: string | null, found: unknown) => void

export function recordReads(snapshot: SchemaSnapshot): ReadRecorder {
  const reads = new Map<string, SnapshotRead>()
  const noteOf =
    (part: string): Note =>
    (key, found) => {
      reads.set(key === null ? part : `${part} ${key}`, { part, key, found })
    }
  const lookups = {
    relations: new RecordedMap(snapshot.relations, noteOf('relations')),
    routines: new RecordedMap(snapshot.routines, noteOf('routines')),
    relationships: recordedRelationships(snapshot.relationships, noteOf('relationships')),
  }
  const recorded = new Proxy<SchemaSnapshot>(
    { ...snapshot, ...lookups },
    {
      get(parts, name) {
        const found: unknown = Reflect.get(parts, name)
        // what is no lookup is another thing where anything of it is another
        if (!Object.hasOwn(lookups, name)) noteOf(String(name))(null, found)
        return found
      },
    },
  )
  return { snapshot: recorded, reads: () => [...reads.values()] }
}

/** Single entries are noted; who goes over all of them has read the map. */
class RecordedMap<T> implements ReadonlyMap<string, T> {
  readonly #map: ReadonlyMap<string, T>
  readonly #note: Note

  constructor(map: ReadonlyMap<string, T>, note: Note) {
    this.#map = map
    this.#note = note
  }

  get(key: string): T | undefined {
    const found = this.#map.get(key)
    this.#note(key, found)
    return found
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  get size(): number {
    return this.#all().size
  }

  keys(): MapIterator<string> {
    return this.#all().keys()
  }

  values(): MapIterator<T> {
    return this.#all().values()
  }

  entries(): MapIterator<[string, T]> {
    return this.#all().entries()
  }

  [Symbol.iterator](): MapIterator<[string, T]> {
    return this.entries()
  }

  forEach(callback: (value: T, key: string, map: ReadonlyMap<string, T>) => void): void {
    this.#all().forEach(callback)
  }

  #all(): ReadonlyMap<string, T> {
    this.#note(null, this.#map)
    return this.#map
  }
}

function recordedRelationships(known: SnapshotRelationships, note: Note): SnapshotRelationships {
  function* getInSteps(origin: string): Generator<void, RelationshipsBySchema | undefined, void> {
    const found = yield* known.getInSteps(origin)
    note(origin, found)
    return found
  }
  const all = () => {
    note(null, known)
    return known
  }
  return {
    get: (origin) => runAtOnce(getInSteps(origin)),
    getInSteps,
    peekInSteps: getInSteps,
    origins: () => all().origins(),
    originsRelatedTo: (schema) => all().originsRelatedTo(schema),
    get pairCount() {
      return all().pairCount
    },
  }
}
