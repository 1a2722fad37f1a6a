/**
 * docs/compatibility.md says what the code's capabilities and the conformance cases say. With
 * UPDATE_DOCS=1 the tables of the page are written anew.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mongodbAbilities } from '../../src/backends/mongodb/catalog/mongodb-capabilities.ts'
import { postgresAbilities } from '../../src/backends/postgres/catalog/postgres-capabilities.ts'
import { sqliteAbilities } from '../../src/backends/sqlite/catalog/sqlite-capabilities.ts'
import { allCases } from './all-cases.ts'
import {
  type GradedEngine,
  renderDifferences,
  renderGrades,
  renderReasons,
  renderUnshown,
} from './render-compatibility.ts'

const page = join(import.meta.dirname, '..', '..', 'docs', 'compatibility.md')

// at their best, PostgreSQL with PostGIS, MongoDB as a replica set: the page says what there is at most
const engines: readonly GradedEngine[] = [
  { name: 'postgres', title: postgresAbilities.engine, grades: postgresAbilities.grades },
  { name: 'sqlite', title: sqliteAbilities.engine, grades: sqliteAbilities.grades },
  { name: 'mongodb', title: mongodbAbilities.engine, grades: mongodbAbilities.grades },
]

/** Puts `table` between the marks of its name. */
function withTable(text: string, name: string, table: string): string {
  const [before, rest] = text.split(`<!-- ${name} -->\n`)
  const after = rest?.split(`<!-- /${name} -->`)[1]
  if (after === undefined) throw new Error(`the page has no place for ${name}`)
  return `${before}<!-- ${name} -->\n\n${table}\n\n<!-- /${name} -->${after}`
}

test('the compatibility page tells what engines can do and where they differ', () => {
  const text = readFileSync(page, 'utf8')
  const graded = withTable(text, 'grades', renderGrades(engines))
  const explained = withTable(graded, 'reasons', renderReasons(engines))
  const compared = withTable(explained, 'differences', renderDifferences(engines, allCases))
  const wanted = withTable(compared, 'unshown', renderUnshown(engines, allCases))
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(page, wanted)
  expect(readFileSync(page, 'utf8')).toBe(wanted)
})
