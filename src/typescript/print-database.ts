/**
 * A snapshot → a TypeScript file with the type `Database` as supabase-js and postgrest-js take it:
 * of each schema its tables, views, functions, enums and composite types. For `--types` and the admin server. Equal
 * schemas give equal texts: everything is in order of names, columns as they are declared.
 *
 * Rule  supabase-js docs: typescript-support
 */
import { compareTexts } from '../core/compare-texts.ts'
import { nameOfKey, type QualifiedName } from '../core/qualified-name.ts'
import { runAtOnce, type Steps } from '../core/run-in-slices.ts'
import type { SchemaType } from '../schema/catalog.ts'
import type { ComputedRelationship, Relationship } from '../schema/relationships/relationship.ts'
import type { Relation, SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { block, indented, literalUnion, namedBlock, propertyName, quoted } from './code-text.ts'
import { helperTypes } from './helper-types.ts'
import { namedTypes } from './named-types.ts'
import { type NamedFunction, printFunction } from './print-functions.ts'
import { printRelation } from './print-relation.ts'
import { createValueTypes, type ValueTypes } from './value-types.ts'

/** Printed without a pause: for the command line. */
export function printDatabase(snapshot: SchemaSnapshot): string {
  return runAtOnce(printDatabaseInSteps(snapshot))
}

export function* printDatabaseInSteps(snapshot: SchemaSnapshot): Steps<string> {
  const shown = shownNames(snapshot)
  const keyOf = (schema: string) => shown.get(schema) ?? schema
  const named = yield* namedTypes(snapshot)
  const types = createValueTypes(snapshot, named, keyOf)
  const contents = new Map<string, SchemaContents>()
  for (const schema of snapshot.schemas) contents.set(schema, emptyContents())
  yield* addRelations(contents, snapshot, types)
  addRoutines(contents, snapshot)
  addTypes(contents, named.values())
  const schemas: string[] = []
  for (const [schema, { tables, views, functions, enums, composites }] of contents) {
    const context = { schema, relations: snapshot.relations, types }
    const printed: string[] = []
    for (const each of sorted(functions.values())) {
      printed.push(...printFunction(each, context))
      yield
    }
    const listed = sorted(enums).map(({ name, labels }) => {
      return `${propertyName(name)}: ${literalUnion(labels)}`
    })
    const members = sorted(composites).flatMap(({ name, attributes }) =>
      block(
        `${propertyName(name)}:`,
        attributes.map(([each, type]) => `${propertyName(each)}: ${types.ofText(type)} | null`),
      ),
    )
    schemas.push(
      ...block(`${propertyName(keyOf(schema))}:`, [
        ...namedBlock('Tables', tables),
        ...namedBlock('Views', views),
        ...namedBlock('Functions', printed),
        ...namedBlock('Enums', listed),
        ...namedBlock('CompositeTypes', members),
      ]),
    )
    yield
  }
  const lines = [
    ...opening,
    ...indented(schemas),
    '}',
    '',
    ...helperTypes(keyOf(snapshot.schemas[0] ?? '')),
    ...constants(contents, keyOf),
  ]
  return `${lines.join('\n')}\n`
}

/**
 * Clients read from the version which features there are, and know of those of 13 and 14 by these
 * numbers alone; the server has them all.
 */
const opening = [
  'export type Json =',
  '  | string',
  '  | number',
  '  | boolean',
  '  | null',
  '  | { [key: string]: Json | undefined }',
  '  | Json[]',
  '',
  'export type Database = {',
  '  // lets the types of clients know what the server can do',
  '  __InternalSupabase: {',
  '    PostgrestVersion: "14"',
  '  }',
]

interface SchemaContents {
  readonly tables: string[]
  readonly views: string[]
  readonly functions: Map<string, FunctionDraft>
  readonly enums: NamedType<'enum'>[]
  readonly composites: NamedType<'composite'>[]
}

type NamedType<Kind extends SchemaType['kind']> = Extract<SchemaType, { kind: Kind }>

type FunctionDraft = { -readonly [Key in keyof NamedFunction]: NamedFunction[Key] }

function emptyContents(): SchemaContents {
  return { tables: [], views: [], functions: new Map(), enums: [], composites: [] }
}

/** Names of schemas that clients know better by another: `public` where there are no schemas. */
function shownNames({ schemaAliases }: SchemaSnapshot): ReadonlyMap<string, string> {
  return new Map([...schemaAliases].map(([alias, schema]) => [schema, alias]))
}

function* addRelations(
  contents: ReadonlyMap<string, SchemaContents>,
  snapshot: SchemaSnapshot,
  types: ValueTypes,
): Steps<void> {
  // in order of their keys, which is that of their names
  for (const [key, relation] of snapshot.relations) {
    yield
    const content = contents.get(relation.schema)
    if (content === undefined) continue
    const related = (yield* snapshot.relationships.peekInSteps(key))?.get(relation.schema) ?? []
    const entry = printRelation(relation, related, types, snapshot.capabilities.grades)
    if (relation.isView) content.views.push(...entry)
    else content.tables.push(...entry)
    addFunctionsOfRows(content, relation, related)
  }
}

function addFunctionsOfRows(
  { functions }: SchemaContents,
  relation: Relation,
  related: readonly Relationship[],
): void {
  for (const name of relation.computedTypes.keys()) {
    const draft = draftOf(functions, name)
    draft.fieldOf = [...draft.fieldOf, relation]
  }
  const computed = related.filter((each): each is ComputedRelationship => each.kind === 'computed')
  for (const each of computed) {
    const draft = draftOf(functions, each.routine.name)
    draft.embedded = [...draft.embedded, each]
  }
}

function draftOf(functions: Map<string, FunctionDraft>, name: string): FunctionDraft {
  const known = functions.get(name)
  if (known !== undefined) return known
  const draft: FunctionDraft = { name, routines: [], embedded: [], fieldOf: [] }
  functions.set(name, draft)
  return draft
}

function addRoutines(
  contents: ReadonlyMap<string, SchemaContents>,
  { routines, capabilities }: SchemaSnapshot,
): void {
  if (capabilities.grades.functions === 'unsupported') return
  for (const [key, overloads] of routines) {
    const { schema, name } = nameOfKey(key)
    const functions = contents.get(schema)?.functions
    if (functions !== undefined) draftOf(functions, name).routines = overloads
  }
}

function addTypes(
  contents: ReadonlyMap<string, SchemaContents>,
  named: Iterable<SchemaType>,
): void {
  for (const type of named) {
    const content = contents.get(type.schema)
    if (type.kind === 'enum') content?.enums.push(type)
    else if (type.kind === 'composite') content?.composites.push(type)
  }
}

/** Labels as values, for forms and checks at run time. */
function constants(
  contents: ReadonlyMap<string, SchemaContents>,
  keyOf: (schema: string) => string,
): readonly string[] {
  const schemas = [...contents].flatMap(([schema, { enums }]) => {
    const lists = sorted(enums).map(({ name, labels }) => {
      return `${memberName(name)}: [${labels.map(quoted).join(', ')}],`
    })
    const list =
      lists.length === 0 ? ['Enums: {},'] : [...block('Enums:', lists).slice(0, -1), '},']
    return [...block(`${memberName(keyOf(schema))}:`, list).slice(0, -1), '},']
  })
  return ['export const Constants = {', ...indented(schemas), '} as const']
}

/** Of a value: there a member of this name would be its prototype. */
function memberName(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : propertyName(name)
}

function sorted<T extends Pick<QualifiedName, 'name'>>(list: Iterable<T>): readonly T[] {
  return [...list].sort((a, b) => compareTexts(a.name, b.name))
}
