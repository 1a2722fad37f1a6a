/**
 * Random reads and writes of a MongoDB database, judged by PostgreSQL.
 */
import { describeMongodb } from '../support/mongodb.ts'
import { serveMongodb } from '../support/mongodb-api.ts'
import { testCampaign } from './campaign-test.ts'
import type { JudgedEngine } from './engine.ts'
import type { Asked } from './generate-read.ts'
import { mongodbDifferences } from './known-differences-mongodb.ts'
import {
  createCollections,
  declaredRelationships,
  declaredSchema,
  inMillis,
  judgeSchema,
  putRows,
  rows,
  tables,
} from './mongodb-schema.ts'
import { servedWith } from './play-campaign.ts'
import { rowsFor } from './schema.ts'

const registry = (value: unknown) => ({ text: JSON.stringify(value), file: null })

const mongodb: JudgedEngine = {
  name: 'MongoDB',
  tables,
  judgeSchema,
  judgeRows: rowsFor('postgres', rows),
  resync: null,
  knownDifferences: mongodbDifferences,
  adapt: ({ target, body, ...asked }): Asked => ({
    ...asked,
    target: inMillis(target),
    body: body === null ? null : inMillis(body),
  }),
  async serve() {
    const api = await serveMongodb(
      async ({ db }) => {
        await createCollections(db)
        await putRows(db)
      },
      {
        ...servedWith,
        declaredSchema: registry(declaredSchema),
        declaredRelationships: registry(declaredRelationships),
      },
    )
    const { db, name } = api.database
    return {
      schema: name,
      ask: ({ target, headers, method, body }) =>
        api.get(target, headers, { method, ...(body === null ? {} : { body }) }),
      startRound: () => putRows(db),
      stop: api.stop,
    }
  },
}

describeMongodb('on MongoDB', () => {
  testCampaign(mongodb, { slice: 300, pages: ['compatibility', 'mongodb'] })
})
