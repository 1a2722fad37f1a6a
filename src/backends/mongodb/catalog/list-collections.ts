/**
 * What a database says of its collections (`listCollections`, `listIndexes`), as loads and versions
 * of the schema read it: sorted, so that equal schemas give equal lists, and without what the server
 * keeps for itself.
 */
import { createHash } from 'node:crypto'
import { BSON, type Db, type Document, MongoServerError } from 'mongodb'

export interface ListedCollection {
  readonly database: string
  readonly name: string
  readonly kind: 'collection' | 'view' | 'time-series'
  /** A collection that is dropped and made again has another; a view has what it is defined as. */
  readonly identity: string
  readonly options: Document
}

/** In the order of their names. */
export async function listCollections(
  db: Db,
  signal: AbortSignal,
): Promise<readonly ListedCollection[]> {
  const described = await db.listCollections({}, { signal, batchSize: 1000 }).toArray()
  return described
    .filter(({ name }) => !name.startsWith('system.'))
    .map((each): ListedCollection => {
      const options: Document = ('options' in each ? each.options : undefined) ?? {}
      const kind = kindOf(each.type)
      const uuid = 'info' in each ? each.info?.uuid : undefined
      return {
        database: db.databaseName,
        name: each.name,
        kind,
        identity: uuid === undefined ? digest([each.type, options]) : String(uuid),
        options,
      }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function kindOf(type: string | undefined): ListedCollection['kind'] {
  if (type === 'view') return 'view'
  return type === 'timeseries' ? 'time-series' : 'collection'
}

/** Namespace not found, what is no collection but a view, and what our user may not know. */
const unlistedCodes: readonly unknown[] = [26, 166, 13]

/** In the order of their names; none of a view, of what is gone by now, or of what is hidden from us. */
export async function listIndexes(
  db: Db,
  { name, kind }: ListedCollection,
  signal: AbortSignal,
): Promise<readonly Document[]> {
  if (kind === 'view') return []
  signal.throwIfAborted()
  try {
    const indexes: readonly Document[] = await db.collection(name).listIndexes().toArray()
    return indexes.toSorted((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1))
  } catch (failure) {
    if (failure instanceof MongoServerError && unlistedCodes.includes(failure.code)) return []
    throw failure
  }
}

/** Equal for equal values: by their BSON, so that types count and any value may be in it. */
export function digest(values: readonly unknown[]): string {
  const hash = createHash('sha256')
  for (const value of values) hash.update(BSON.serialize({ value }))
  return hash.digest('base64url')
}
