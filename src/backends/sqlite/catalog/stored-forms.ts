/**
 * The forms in which columns are stored, by relation: a table's as a sample of its rows told, a
 * view's as those of the columns that it shows.
 */
import type { StoredForm } from '../../values/stored-form.ts'
import type { RawRelation, RawStoredForm } from '../wire/raw-catalog.ts'

/** Several selects make a view's rows: the first one's columns do not tell for all. */
const compound = /\b(?:union|except|intersect)\b/i

export function storedForms(
  sampled: readonly RawStoredForm[],
  relations: readonly RawRelation[],
): ReadonlyMap<string, ReadonlyMap<string, StoredForm>> {
  const byRelation = new Map<string, Map<string, StoredForm>>()
  for (const { relation, column, form } of sampled) {
    const forms = byRelation.get(relation) ?? new Map<string, StoredForm>()
    byRelation.set(relation, forms.set(column, form))
  }
  for (const { kind, name, sql, columns, origins } of relations) {
    if (kind !== 'view') continue
    const forms = columns.flatMap((column, index) => {
      const origin = origins[index]
      const form = origin ? byRelation.get(origin.table)?.get(origin.column) : undefined
      return form === undefined ? [] : [[column.name, compound.test(sql) ? 'mixed' : form] as const]
    })
    byRelation.set(name, new Map(forms))
  }
  return byRelation
}
