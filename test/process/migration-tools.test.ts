/**
 * The examples of docs/migration-tools.md with the tools themselves: each migrates a database that a
 * server serves, as its section says, and what the page shows at its end is answered. A tool is named
 * by a variable, as CONTRIBUTING.md has it; the test of one that is not is skipped, which is said.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readDocsPage } from '../support/docs-page.ts'
import { playDocsPage } from '../support/play-docs-page.ts'

const file = 'docs/migration-tools.md'
const page = readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8')
const [start = '', ...sections] = page.split(/^(?=## )/m)

function sectionOf(title: string): string {
  const found = sections.find((section) => section.startsWith(`## ${title}\n`))
  if (found === undefined) throw new Error(`${file} has no section ${title}`)
  return found
}

interface Tool {
  readonly title: string
  readonly variable: string
  /** What the section calls it by. */
  readonly command: string
  /** What the section takes for granted, as markers of a page. */
  readonly before?: string
}

/** The tasks of Rails, without an application around them. */
const railsApplication = `
<!-- file: Rakefile -->
\`\`\`rb
require 'active_record'
include ActiveRecord::Tasks
DatabaseTasks.root = Dir.pwd
DatabaseTasks.db_dir = 'db'
DatabaseTasks.env = 'production'
DatabaseTasks.migrations_paths = ['db/migrate']
ActiveRecord::Base.configurations = { 'production' => { 'url' => ENV.fetch('DATABASE_URL') } }
ActiveRecord::Base.establish_connection(:production)
task(:environment) {}
load 'active_record/railties/databases.rake'
Dir['lib/tasks/*.rake'].each { |name| load name }
\`\`\`

<!-- run: export RAILS_ENV=production -->
`

const tools: readonly Tool[] = [
  { title: 'Drizzle', variable: 'TEST_DRIZZLE_KIT', command: 'drizzle-kit' },
  { title: 'Knex', variable: 'TEST_KNEX', command: 'knex' },
  { title: 'Flyway', variable: 'TEST_FLYWAY', command: 'flyway' },
  { title: 'Alembic', variable: 'TEST_ALEMBIC', command: 'alembic' },
  { title: 'dbmate', variable: 'TEST_DBMATE', command: 'dbmate' },
  { title: 'Rails', variable: 'TEST_RAKE', command: 'rake', before: railsApplication },
  {
    title: 'Supabase CLI',
    variable: 'TEST_SUPABASE',
    command: 'supabase',
    before: '<!-- run: supabase init -->\n',
  },
]

for (const { title, variable, command, before = '' } of tools) {
  const path = process.env[variable]
  if (path === undefined || path === '') {
    console.warn(`SKIPPED: the example of ${title} is not played, ${variable} names no ${command}`)
  }
  test.skipIf(path === undefined || path === '')(title, { timeout: 400_000 }, async () => {
    const played = sectionOf(title)
      .replace(/<!-- not played: needs .*-->\n/, '')
      .replace('bin/rails', 'rake')
    const read = readDocsPage(
      [start, before, played, sectionOf('Seeing that it worked')].join('\n'),
    )
    expect(read.problems).toEqual([])
    await playDocsPage(`${file}, ${title}`, read, new Map([[command, path ?? '']]))
  })
}
