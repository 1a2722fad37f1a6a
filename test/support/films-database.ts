/** The sample database of examples/films as a SQLite file of a test's own. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSqliteFile, type SqliteFile } from './sqlite-database.ts'

const folder = join(import.meta.dirname, '..', '..', 'examples', 'films')

export function createFilmsFile(name = 'films.db'): SqliteFile {
  const [schema, data] = ['schema.sql', 'data.sql'].map((part) =>
    readFileSync(join(folder, part), 'utf8'),
  )
  return createSqliteFile(`${schema}; ${data}`, name)
}
