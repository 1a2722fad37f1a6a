/** What a running server holds in its schema cache, as the admin server tells it. */
import { ask } from './http-client.ts'
import type { RunningServer } from './server.ts'

interface Dump {
  readonly dbTables: readonly (readonly [
    { readonly qiName: string; readonly qiSchema: string },
    { readonly tableColumns: Readonly<Record<string, { readonly colNominalType: string }>> },
  ])[]
}

/** Column → type of a cached relation; null when it is not cached. */
export async function cachedColumns(
  server: Pick<RunningServer, 'adminUrl'>,
  relation: string,
  schema?: string,
): Promise<Readonly<Record<string, string>> | null> {
  const { body } = await ask(`${server.adminUrl}/schema_cache`)
  // our own dump, whose shape test/unit/admin/dump-snapshot.test.ts holds
  const { dbTables } = body as Dump
  const found = dbTables.find(
    ([{ qiName, qiSchema }]) =>
      qiName === relation && (schema === undefined || qiSchema === schema),
  )
  if (found === undefined) return null
  return Object.fromEntries(
    Object.entries(found[1].tableColumns).map(([name, column]) => [name, column.colNominalType]),
  )
}

/** One of PostgREST's counters of loads; 0 before the first. */
export async function countLoads(
  server: Pick<RunningServer, 'adminUrl'>,
  status: 'SUCCESS' | 'FAIL',
): Promise<number> {
  const { text } = await ask(`${server.adminUrl}/metrics`)
  const shape = new RegExp(`^pgrst_schema_cache_loads_total\\{status="${status}"\\} (\\S+)$`, 'm')
  return Number(shape.exec(text)?.[1] ?? 0)
}
