/**
 * The schema of engines that have no schemas. They have one all the same, so that names, messages,
 * paths and headers have one shape on every engine.
 */

/** What SQLite calls the database file itself. */
export const onlySchema = 'main'

/** Another name for it: the schema that clients such as supabase-js name unless they are told. */
export const onlySchemaAlias = 'public'

/** Whether a list of schemas says that schema and nothing else: `main`, or `public`. */
export function meansOnlySchema(schemas: readonly string[]): boolean {
  const isAlias = schemas.length === 1 && schemas[0] === onlySchemaAlias
  return isAlias || schemas.every((schema) => schema === onlySchema)
}
