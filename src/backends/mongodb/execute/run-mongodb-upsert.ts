/**
 * An upsert: the rows that are in the way are looked for first, in the same snapshot, and from then on
 * it is known of each row of the payload whether it is new. Somebody else's row that comes in between
 * is a write conflict, and all begins anew. Without a transaction it is one command for one row.
 *
 * Rule  PostgreSQL manual: INSERT (ON CONFLICT clause)
 */
import type { AnyBulkWriteOperation, Document } from 'mongodb'
import { valueFailure } from '../../values/value-failure.ts'
import type { NewRow } from '../compile/bound-write.ts'
import { type ConflictTarget, keyFilter, keyText } from '../compile/conflict-target.ts'
import { type PayloadRow, updateOf } from '../compile/payload-row.ts'
import { type RowReader, refuseBroken, refuseProposed } from './check-written.ts'
import { refuseConcurrent, WriteFailed } from './write-refused.ts'
import type { Touched, WriteRun } from './write-run.ts'

/** What becomes of a row: `id` is of the one that is in its way, or its own. */
export interface PlacedRow {
  readonly row: NewRow
  readonly isNew: boolean
  readonly id: unknown
}

export async function runMongodbUpsert(run: WriteRun, conflict: ConflictTarget): Promise<Touched> {
  const { bound, commands } = run
  const [first] = bound.rows
  if (!commands.isAtomic && first !== undefined) return upsertOne(run, conflict, first)
  const inTheWay = await rowsInTheWay(commands, bound.rows, conflict)
  const placed = placeRows(bound.rows, conflict, inTheWay)
  await checkBefore(run, [...inTheWay.values()])
  await writeRows(run, placed)
  const fresh = placed.filter(({ isNew }) => isNew).map(({ id }) => id)
  const merged = placed.filter(({ isNew }) => !isNew).map(({ id }) => id)
  await refuseBroken(commands, run.plan, fresh, bound.rules.written)
  await refuseBroken(commands, run.plan, merged, bound.rules.merged)
  return {
    count: placed.length,
    ids: placed.map(({ id }) => id),
    inserted: fresh.length,
    before: null,
  }
}

/** Ids of the rows that have the key of one of the payload's, by key. */
export async function rowsInTheWay(
  reader: RowReader,
  rows: readonly NewRow[],
  conflict: ConflictTarget,
): Promise<ReadonlyMap<string, unknown>> {
  const filters = rows.flatMap(({ row }) => keyFilter(conflict, row) ?? [])
  if (filters.length === 0) return new Map()
  const keys = Object.fromEntries(conflict.fields.map((field) => [field, 1]))
  const found = await reader.read([
    { $match: oneOf(conflict, filters) },
    { $project: { ...keys, _id: 1 } },
  ])
  return new Map(
    found.map((document) => [
      keyText(conflict, (field) => document.get(field)),
      document.get('_id'),
    ]),
  )
}

/** A list for a single field, so that its index serves; a list takes no document with a `$` key. */
function oneOf(
  { fields: [field, ...others] }: ConflictTarget,
  filters: readonly Document[],
): Document {
  if (field === undefined || others.length > 0) return { $or: filters }
  const values: readonly unknown[] = filters.map((filter) => filter[field].$eq)
  return values.some((value) => value instanceof Map)
    ? { $or: filters }
    : { [field]: { $in: values } }
}

/** Throws  WriteFailed: 21000 for a row that would be merged into one of the same payload's */
export function placeRows(
  rows: readonly NewRow[],
  conflict: ConflictTarget,
  inTheWay: ReadonlyMap<string, unknown>,
): readonly PlacedRow[] {
  const isMerge = conflict.resolution === 'merge'
  const seen = new Set<string>()
  return rows.flatMap((row): readonly PlacedRow[] => {
    const fresh = { row, isNew: true, id: row.id }
    if (keyFilter(conflict, row.row) === null) return [fresh]
    const key = keyText(conflict, (field) => row.row.values.get(field))
    const isAgain = seen.has(key)
    if (isAgain && isMerge) throw new WriteFailed(secondTime)
    seen.add(key)
    if (!isMerge) return isAgain || inTheWay.has(key) ? [] : [fresh]
    return [inTheWay.has(key) ? { row, isNew: false, id: inTheWay.get(key) } : fresh]
  })
}

const secondTime = valueFailure(
  '21000',
  'ON CONFLICT DO UPDATE command cannot affect row a second time',
  {
    hint: 'Ensure that no rows proposed for insertion within the same command have duplicate constrained values.',
  },
)

/** What a policy hides is an error, not a row that is left out. */
async function checkBefore(run: WriteRun, inTheWay: readonly unknown[]): Promise<void> {
  const { plan, bound, commands, conflict } = run
  const [storedId] = inTheWay
  if (storedId === undefined) return
  const documents = bound.rows.map(({ document }) => document)
  await refuseProposed(commands, plan, documents, storedId, bound.rules.proposed)
  if (conflict?.resolution === 'ignore') return
  await refuseBroken(commands, plan, inTheWay, bound.rules.inTheWay)
}

async function writeRows({ commands }: WriteRun, placed: readonly PlacedRow[]): Promise<void> {
  const operations = placed.flatMap(({ row, isNew, id }): readonly AnyBulkWriteOperation[] => {
    if (isNew && row.missingId !== null) throw new WriteFailed(row.missingId)
    if (isNew) return [{ insertOne: { document: row.document } }]
    const update = updateOf(row.row)
    if (update === null) return []
    const change = Array.isArray(update) ? [...update] : update
    const filter: Document = { _id: id }
    return [{ updateOne: { filter, update: change } }]
  })
  const updates = operations.filter((operation) => 'updateOne' in operation)
  if ((await commands.bulk(operations)) !== updates.length) refuseConcurrent()
}

/** `_id` of a new row is in the filter or set on insert; a row that is there keeps its own. */
async function upsertOne(
  { commands, needsIds }: WriteRun,
  conflict: ConflictTarget,
  { row, id, document }: NewRow,
): Promise<Touched> {
  const filter = keyFilter(conflict, row)
  if (filter === null) {
    await commands.insert([document])
    return { count: 1, ids: [id], inserted: 1, before: null }
  }
  const isNew = await commands.upsertOne(filter, singleUpsert(conflict, row, id))
  const isShown = isNew || conflict.resolution === 'merge'
  const isAsked = isShown && needsIds
  const stages = [{ $match: filter }, { $limit: 1 }, { $project: { _id: 1 } }]
  const found = isAsked ? await commands.read(stages) : []
  return {
    count: isShown ? 1 : 0,
    ids: found.map((each) => each.get('_id')),
    inserted: isNew ? 1 : 0,
    before: null,
  }
}

function singleUpsert(conflict: ConflictTarget, row: PayloadRow, id: unknown): Document {
  const isKey = (field: string) => conflict.fields.includes(field)
  const values = new Map([...row.values].filter(([field]) => !isKey(field)))
  const isIgnore = conflict.resolution === 'ignore'
  const fresh = new Map([...(isIgnore ? values : []), ...row.defaults])
  if (!values.has('_id')) fresh.set('_id', id)
  const update = isIgnore ? {} : updateOf({ values, absent: row.absent })
  return { ...update, ...(fresh.size === 0 ? {} : { $setOnInsert: fresh }) }
}
