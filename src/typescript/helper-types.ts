/**
 * The end of the file: `Tables<'films'>` and its kin, by which code names the types of rows, and of
 * another schema than the first `Tables<{ schema: 'other' }, 'films'>`.
 */
import { quoted } from './code-text.ts'

/** `schema`: the name of the first schema, as the file shows it. */
export function helperTypes(schema: string): readonly string[] {
  return [
    "type Schemas = Omit<Database, '__InternalSupabase'>",
    `type FirstSchema = ${quoted(schema)}`,
    'type OtherSchema = { schema: keyof Schemas }',
    "type AllTables = { [S in keyof Schemas]: Schemas[S]['Tables'] }",
    'type AllRelations = {',
    "  [S in keyof Schemas]: Schemas[S]['Tables'] & Schemas[S]['Views']",
    '}',
    "type AllEnums = { [S in keyof Schemas]: Schemas[S]['Enums'] }",
    "type AllCompositeTypes = { [S in keyof Schemas]: Schemas[S]['CompositeTypes'] }",
    'type NameIn<All extends Record<keyof Schemas, object>, T> = T extends {',
    '  schema: infer S extends keyof Schemas',
    '}',
    '  ? keyof All[S]',
    '  : never',
    'type Chosen<All extends Record<keyof Schemas, object>, T, N> = T extends {',
    '  schema: infer S extends keyof Schemas',
    '}',
    '  ? N extends keyof All[S]',
    '    ? All[S][N]',
    '    : never',
    '  : T extends keyof All[FirstSchema]',
    '    ? All[FirstSchema][T]',
    '    : never',
    '',
    ...helper('Tables', 'AllRelations', 'Row'),
    ...helper('TablesInsert', 'AllTables', 'Insert'),
    ...helper('TablesUpdate', 'AllTables', 'Update'),
    ...helper('Enums', 'AllEnums', null),
    ...helper('CompositeTypes', 'AllCompositeTypes', null),
  ]
}

function helper(name: string, all: string, part: 'Row' | 'Insert' | 'Update' | null) {
  const chosen = `Chosen<${all}, T, N>`
  return [
    `export type ${name}<`,
    `  T extends keyof ${all}[FirstSchema] | OtherSchema,`,
    `  N extends NameIn<${all}, T> = never,`,
    part === null ? `> = ${chosen}` : `> = ${chosen} extends { ${part}: infer P } ? P : never`,
    '',
  ]
}
