/**
 * Views, materialized and foreign tables with what decides their columns' origin and which writes
 * they take: their rules and INSTEAD OF triggers. Views outside the schemas that a load is about are
 * read too where one inside is written through to them.
 */

import type { QualifiedName } from '../../../core/qualified-name.ts'
import type { ControlStatement } from '../connect/control-connection.ts'
import {
  asText,
  type CatalogRow,
  flagIn,
  listIn,
  numberIn,
  textIn,
  textOrNull,
} from './catalog-row.ts'
import type { CatalogScope } from './catalog-scope.ts'
import { readViewRule } from './view-rule.ts'
import type { WriteFacts } from './view-updatability.ts'

export interface CatalogView extends WriteFacts {
  readonly oid: number
  readonly name: QualifiedName
  /** pg_class.relkind: v, m or f. */
  readonly kind: string
  readonly isExposed: boolean
  /** Its columns are followed further down: an exposed schema, or one of the extra search path. */
  readonly isFollowed: boolean
}

const viewColumns = `
c.oid, n.nspname as schema, c.relname as name, c.relkind as kind,
c.relnamespace = any ($1::oid[]) as is_exposed, c.relnamespace = any ($2::oid[]) as is_followed,
(
  select r.ev_action from pg_catalog.pg_rewrite r where r.ev_class = c.oid and r.ev_type = '1'
) as tree,
(
  select json_agg(r.ev_type) from pg_catalog.pg_rewrite r
  where r.ev_class = c.oid and r.ev_type <> '1' and r.is_instead and r.ev_qual::text = '<>'
) as instead_rules,
coalesce((
  select bit_or(t.tgtype) from pg_catalog.pg_trigger t
  where t.tgrelid = c.oid and t.tgtype & 64 <> 0
), 0) as instead_triggers`

const viewsSql = (condition: string) => `
select ${viewColumns}
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('v', 'm', 'f') and ${condition}`

const belowSql = `
with recursive below(oid) as (
  select unnest($3::oid[])
  union
  select d.refobjid
  from below b
    join pg_catalog.pg_rewrite r on r.ev_class = b.oid and r.ev_type = '1'
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass
      and d.objid = r.oid and d.refclassid = 'pg_catalog.pg_class'::regclass
)
select ${viewColumns}
from below b join pg_catalog.pg_class c on c.oid = b.oid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('v', 'f')`

/** @param only oids as an array literal, of whatever schema; null: all that are followed */
export function viewsStatement(
  { exposed, followed }: CatalogScope,
  only: string | null,
): ControlStatement {
  return only === null
    ? { text: viewsSql('c.relnamespace = any ($2::oid[])'), params: [exposed, followed] }
    : {
        text: viewsSql('c.oid = any ($3::oid[])'),
        params: [exposed, followed, only],
        isPrepared: true,
      }
}

/** The relations, and all views below them that could be written through to. */
export function viewsBelowStatement(
  { exposed, followed }: CatalogScope,
  relations: string,
): ControlStatement {
  return { text: belowSql, params: [exposed, followed, relations] }
}

/** What `views` are written through to and is not among them. */
export function missingBases(views: ReadonlyMap<number, CatalogView>): readonly number[] {
  return [...views.values()].flatMap(({ rule }) => {
    const base = rule?.base ?? null
    if (base === null || base.kind === 'r' || base.kind === 'p') return []
    return views.has(base.relation) ? [] : [base.relation]
  })
}

// pg_rewrite.ev_type, and the bits of pg_trigger.tgtype
const updates = { rule: '2', trigger: 16 }
const inserts = { rule: '3', trigger: 4 }
const deletes = { rule: '4', trigger: 8 }

export function parseView(row: CatalogRow): CatalogView {
  const tree = textOrNull(row, 'tree')
  const rules = listIn(row, 'instead_rules').map(asText)
  const triggers = numberIn(row, 'instead_triggers')
  const takes = ({ rule, trigger }: typeof inserts) =>
    rules.includes(rule) || (triggers & trigger) !== 0
  return {
    oid: numberIn(row, 'oid'),
    name: { schema: textIn(row, 'schema'), name: textIn(row, 'name') },
    kind: textIn(row, 'kind'),
    isExposed: flagIn(row, 'is_exposed'),
    isFollowed: flagIn(row, 'is_followed'),
    rule: tree === null ? null : readViewRule(tree),
    own: { insert: takes(inserts), update: takes(updates), delete: takes(deletes) },
  }
}
