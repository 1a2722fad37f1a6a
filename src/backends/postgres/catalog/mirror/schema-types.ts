/**
 * Types that a load has read → those that clients may meet by name: the enums and composite types of
 * the exposed schemas, and what else routines and composite types lead to. A type of another schema
 * that only columns have is none of them: columns tell of it themselves.
 */
import { compareTexts } from '../../../../core/compare-texts.ts'
import type { SchemaType } from '../../../../schema/catalog.ts'
import type { CatalogType } from '../catalog-types.ts'
import type { SchemaFacts } from './schema-facts.ts'

/** @param schemas names of the exposed schemas */
export function schemaTypes(
  { types, routines }: Pick<SchemaFacts, 'types' | 'routines'>,
  schemas: readonly string[],
): readonly SchemaType[] {
  const exposed = [...types.values()].filter(
    ({ schema, enumLabels, attributes }) =>
      schemas.includes(schema) && enumLabels.length + attributes.length > 0,
  )
  const found = new Set(exposed)
  for (const oids of routines.values()) {
    for (const oid of oids) addTo(found, types.get(oid))
  }
  // a set that is walked goes on with what comes to it meanwhile
  for (const { elementOf, domainOf, attributes } of found) {
    for (const oid of [elementOf, domainOf, ...attributes.map(([, type]) => type)]) {
      addTo(found, types.get(oid))
    }
  }
  return [...found]
    .flatMap((type) => schemaType(type, types) ?? [])
    .sort((a, b) => compareTexts(a.schema, b.schema) || compareTexts(a.name, b.name))
}

function addTo(found: Set<CatalogType>, type: CatalogType | undefined): void {
  if (type !== undefined && type.schema !== 'pg_catalog') found.add(type)
}

/** Null where nothing is known of it but its name. */
function schemaType(
  { schema, name, isDomain, domainOf, enumLabels, attributes }: CatalogType,
  types: SchemaFacts['types'],
): SchemaType | null {
  if (enumLabels.length > 0) return { schema, name, kind: 'enum', labels: enumLabels }
  if (isDomain) {
    const base = types.get(domainOf)?.text
    return base === undefined ? null : { schema, name, kind: 'domain', base }
  }
  if (attributes.length === 0) return null
  const listed = attributes.flatMap(([attribute, oid]) => {
    const type = types.get(oid)?.text
    return type === undefined ? [] : [[attribute, type] as const]
  })
  return { schema, name, kind: 'composite', attributes: listed }
}
