/**
 * Settings of the roles that the connected role is a member of (`ALTER ROLE … SET`), as far as it
 * may set them for a transaction: those of ordinary users, and from PostgreSQL 15 on those it was
 * granted (`GRANT SET ON PARAMETER`). Others are skipped silently.
 *
 * Rule  PostgREST docs: transactions (impersonated role settings)
 */
import type { ControlStatement } from '../connect/control-connection.ts'
import { isolationLevel } from './catalog-routines.ts'
import { type CatalogRow, textIn } from './catalog-row.ts'
import type { RoleSettings } from './postgres-facts.ts'

const settingsSql = (serverVersion: number) => `
with settings as (
  select distinct r.rolname as role, split_part(s.setting, '=', 1) as name,
    substr(s.setting, strpos(s.setting, '=') + 1) as value
  from pg_catalog.pg_auth_members m
    join pg_catalog.pg_roles r on r.oid = m.roleid
    cross join unnest(r.rolconfig) as s(setting)
  where m.member = (select oid from pg_catalog.pg_roles where rolname = current_user)
)
select s.role, s.name, s.value
from settings s join pg_catalog.pg_settings p on p.name = s.name
where p.context = 'user'
  ${serverVersion >= 150_000 ? `or has_parameter_privilege(current_user, p.name, 'set')` : ''}
order by s.role, s.name`

export function roleSettingsStatement(serverVersion: number): ControlStatement {
  return { text: settingsSql(serverVersion) }
}

/** By role; roles without such settings are left out. */
export function roleSettings(rows: readonly CatalogRow[]): ReadonlyMap<string, RoleSettings> {
  const roles = new Map<string, RoleSettings>()
  for (const row of rows) {
    const role = textIn(row, 'role')
    const name = textIn(row, 'name')
    const value = textIn(row, 'value')
    const known = roles.get(role) ?? { isolationLevel: null, settings: [] }
    roles.set(
      role,
      name === 'default_transaction_isolation'
        ? { ...known, isolationLevel: isolationLevel(value) }
        : { ...known, settings: [...known.settings, [name, value]] },
    )
  }
  return roles
}
