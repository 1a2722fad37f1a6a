/**
 * In-database configuration: settings named `pgrst.…` of the connected role, and what the
 * `db-pre-config` function sets. Those of the role in this database win over those of the role in
 * general, and both over the function's.
 *
 * Rule  PostgREST docs: configuration (In-Database Configuration)
 */
import { databaseSettingNames } from '../../config/options.ts'
import { quoteIdentifier } from '../sql/sql-text.ts'
import { textIn } from './catalog-row.ts'
import type { ControlQuery } from './control-connection.ts'

const prefix = 'pgrst.'

// 1: set by the function, 2: on the role, 3: on the role in this database
const settingsSql = (hasPreConfig: boolean) => `
with names as (select name from json_array_elements_text($1::json) as e(name)),
settings as (
  select case when s.setdatabase = 0 then 2 else 3 end as rank,
    split_part(c.setting, '=', 1) as name, substr(c.setting, strpos(c.setting, '=') + 1) as value
  from pg_catalog.pg_db_role_setting s cross join unnest(s.setconfig) as c(setting)
  where s.setrole = (select oid from pg_catalog.pg_roles where rolname = current_user)
    and s.setdatabase in (
      0, (select oid from pg_catalog.pg_database where datname = current_database())
    )
  ${hasPreConfig ? 'union all select 1, n.name, current_setting(n.name, true) from names n' : ''}
)
select distinct on (s.name) s.name, s.value
from settings s join names n on n.name = s.name
where s.value is not null
order by s.name, s.rank desc`

/**
 * Reads the settings that count, by name without `pgrst.`. Runs in a transaction that is rolled
 * back, so that what the function sets does not outlive it.
 *
 * Errors  rejects with BackendFailure, e.g. 42883 `function f() does not exist`
 */
export async function readDatabaseSettings(
  query: ControlQuery,
  preConfig: string | null,
): Promise<ReadonlyMap<string, string>> {
  await query('begin read only')
  // a statement of its own, so that all of the function has run before a setting is looked at
  if (preConfig !== null) await query(`select ${functionName(preConfig)}()`)
  const names = JSON.stringify(databaseSettingNames)
  const rows = await query(settingsSql(preConfig !== null), [names])
  await query('rollback')
  return new Map(
    rows.map((row) => [textIn(row, 'name').slice(prefix.length), textIn(row, 'value')]),
  )
}

/** Shape   `schema.function` at the first point, or `function`, as the option is written */
function functionName(name: string): string {
  const at = name.indexOf('.')
  if (at === -1) return quoteIdentifier(name)
  return `${quoteIdentifier(name.slice(0, at))}.${quoteIdentifier(name.slice(at + 1))}`
}
