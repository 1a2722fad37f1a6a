/**
 * The columns that one node selects: fields resolved, stars expanded where they cannot stay, names
 * of the answer settled. Embeds are no columns; `build-tree.ts` adds them.
 */
import type { FieldPath, SelectField } from '../api/api-request.ts'
import type { ColumnBudget } from './column-budget.ts'
import type { SelectColumn } from './plan.ts'
import {
  columnField,
  type FieldScope,
  hasOutputTransform,
  resolveOutputField,
  withOutputTransform,
} from './resolve-field.ts'

export interface SelectPlace {
  /** Resolves the node's fields. */
  readonly scope: FieldScope
  /** Resolves the node's star: the columns of the relation that is really read. */
  readonly starScope: FieldScope
  readonly isSpread: boolean
  /** An aggregate, here or above, or a to-many spread: rows are grouped, columns must have names. */
  readonly isGrouped: boolean
  readonly budget: ColumnBudget
}

/** Rule  PostgREST docs: aggregate_functions, domain_representations, tables_views (JSON columns) */
export function selectColumns(fields: readonly SelectField[], place: SelectPlace): SelectColumn[] {
  const columns = fields.map(
    (item): SelectColumn => ({
      field: resolveOutputField(place.scope, item.field),
      cast: item.cast ?? null,
      aggregate: item.aggregate ?? null,
      aggregateCast: item.aggregateCast ?? null,
      alias: item.alias ?? null,
    }),
  )
  if (!place.budget.take(columns.length)) return []
  const expands = place.isGrouped || hasOutputTransform(place.starScope)
  const expanded = expands ? columns.flatMap((column) => expandStar(column, place)) : columns
  return expanded.map(nameColumn)
}

function expandStar(column: SelectColumn, place: SelectPlace): SelectColumn[] {
  if (column.field.name !== '*') return [column]
  if (column.aggregate !== null) {
    // count() inside a spread is counted by the parent, where `*` would be the whole join
    const isFullRow = place.isSpread && column.aggregate === 'count'
    return [isFullRow ? { ...column, field: { ...column.field, isFullRow } } : column]
  }
  const known = place.starScope.relation?.columns
  if (known === undefined || !place.budget.take(known.size)) return []
  return [...known.values()].map((each) => ({
    ...column,
    field: withOutputTransform(place.starScope, columnField(each)),
  }))
}

/** An alias stays; without one, aggregates, paths and transformed columns get an explicit name. */
function nameColumn(column: SelectColumn): SelectColumn {
  if (column.alias !== null) return column
  if (column.aggregate !== null) return { ...column, alias: column.aggregate }
  if (column.field.jsonPath.length > 0) return { ...column, alias: lastKey(column.field) }
  if (column.field.transform !== null) return { ...column, alias: column.field.name }
  return column
}

/** `data->a->1` is shown as `a`, `data->1` as `data`. */
function lastKey(field: FieldPath): string {
  return field.jsonPath.findLast((step) => !step.isIndex)?.key ?? field.name
}
