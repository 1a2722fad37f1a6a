/**
 * Random reads and writes of a SQLite file, judged by PostgreSQL.
 */
import { serveSqlite } from '../support/sqlite-database.ts'
import { testCampaign } from './campaign-test.ts'
import type { JudgedEngine } from './engine.ts'
import { sqliteDifferences } from './known-differences.ts'
import { servedWith } from './play-campaign.ts'
import { rowsFor, schemaFor, tables } from './schema.ts'

const sqlite: JudgedEngine = {
  name: 'SQLite',
  tables,
  judgeSchema: schemaFor('postgres'),
  judgeRows: rowsFor('postgres'),
  resync: '/rpc/resync',
  knownDifferences: sqliteDifferences,
  adapt: (asked) => asked,
  async serve() {
    const api = await serveSqlite(`${schemaFor('sqlite')}${rowsFor('sqlite')}`, servedWith)
    return {
      schema: 'main',
      ask: ({ target, headers, method, body }) =>
        api.get(target, headers, { method, ...(body === null ? {} : { body }) }),
      startRound: async () => api.file.exec(rowsFor('sqlite')),
      stop: api.stop,
    }
  },
}

testCampaign(sqlite, { slice: 800, pages: ['compatibility', 'sqlite'] })
