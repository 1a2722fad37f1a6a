/**
 * In-database configuration: settings named `pgrst.…` of the connected role, and what the
 * `db-pre-config` function sets. Those of the role in this database win over those of the role in
 * general, and both over the function's.
 *
 * Rule  PostgREST docs: configuration (In-Database Configuration)
 */
import { databaseSettingNames, databaseSettingPrefix } from '../../../config/options.ts'
import { quoteIdentifier } from '../../sql/sql-text.ts'
import type { ControlBatch, ControlStatement } from '../connect/control-connection.ts'
import { textIn } from './catalog-row.ts'

const storedSql = `
names as (select name from json_array_elements_text($1::json) as e(name)),
stored as (
  select s.setrole, s.setdatabase, split_part(c.setting, '=', 1) as name,
    substr(c.setting, strpos(c.setting, '=') + 1) as value
  from pg_catalog.pg_db_role_setting s cross join unnest(s.setconfig) as c(setting)
  where s.setrole in (0, (select oid from pg_catalog.pg_roles where rolname = current_user))
    and s.setdatabase in (
      0, (select oid from pg_catalog.pg_database where datname = current_database())
    )
)`

// a session keeps the settings that it began with, though they may have been withdrawn since
const forgetSql = `
with ${storedSql}
select n.name, set_config(n.name, '', true)
from names n
where current_setting(n.name, true) <> '' and not exists (
  select from stored s where s.name = n.name and s.value = current_setting(n.name, true)
)`

// 1: as the function left it, 2: on the role, 3: on the role in this database
const settingsSql = (hasPreConfig: boolean) => `
with ${storedSql},
settings as (
  select case when setdatabase = 0 then 2 else 3 end as rank, name, value
  from stored where setrole <> 0
  ${hasPreConfig ? 'union all select 1, n.name, current_setting(n.name, true) from names n' : ''}
)
select distinct on (s.name) s.name, s.value
from settings s
where s.value is not null and starts_with(s.name, '${databaseSettingPrefix}')
order by s.name, s.rank desc`

/**
 * Reads the settings that count, by name without `pgrst.`: of those of the role also what is no
 * option, so that slips can be told; a function's cannot be listed. Runs in a transaction that is rolled
 * back, so that what the function sets does not outlive it, and in one round trip: every load that a
 * notification asks for begins with it.
 *
 * Errors  rejects with BackendFailure, e.g. 42883 `function f() does not exist`
 */
export async function readDatabaseSettings(
  batch: ControlBatch,
  preConfig: string | null,
): Promise<ReadonlyMap<string, string>> {
  const params = [JSON.stringify(databaseSettingNames)]
  const settings = { text: settingsSql(preConfig !== null), params, isPrepared: true }
  // a statement of its own: all of the function has run before a setting is looked at
  const byFunction: readonly ControlStatement[] =
    preConfig === null
      ? []
      : [
          { text: forgetSql, params, isPrepared: true },
          { text: `select ${functionName(preConfig)}()` },
        ]
  const results = await batch([
    { text: 'begin read only' },
    ...byFunction,
    settings,
    { text: 'rollback' },
  ])
  const [forgottenRows = []] = preConfig === null ? [] : results.slice(1)
  const forgotten = new Set(forgottenRows.map((row) => textIn(row, 'name')))
  const rows = results.at(-2) ?? []
  return new Map(
    rows
      .map((row): [string, string] => [textIn(row, 'name'), textIn(row, 'value')])
      .filter(([name, value]) => value !== '' || !forgotten.has(name))
      .map(([name, value]) => [name.slice(databaseSettingPrefix.length), value]),
  )
}

/** Shape   `schema.function` at the first point, or `function`, as the option is written */
function functionName(name: string): string {
  const at = name.indexOf('.')
  if (at === -1) return quoteIdentifier(name)
  return `${quoteIdentifier(name.slice(0, at))}.${quoteIdentifier(name.slice(at + 1))}`
}
