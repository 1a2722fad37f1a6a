/**
 * What may differ between PostgreSQL and MongoDB, each with its reason. Everything else that differs
 * is a fault.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Answer, comparable } from './compare-answers.ts'
import { type KnownDifference, sharedDifferences } from './known-differences.ts'

export const mongodbDifferences: readonly KnownDifference[] = [
  ...sharedDifferences,
  {
    name: 'names and rows of constraints',
    documented: 'Which row broke a constraint is not told',
    reason: 'keys are called as their index is, and the server tells what is wrong, not the row',
    explains: (_, postgres, mongodb) =>
      isOfConstraint(postgres) &&
      postgres.code === mongodb.code &&
      (postgres.message === mongodb.message ||
        (postgres.details === mongodb.details && mongodb.message?.includes('"_id_"') === true)),
  },
  {
    name: 'one of several constraints',
    documented: 'Of several constraints that a write breaks',
    reason: 'the one that is told is the first that the server meets',
    explains: (_, postgres, mongodb) =>
      (isOfConstraint(postgres) || postgres.code === '21000') &&
      (isOfConstraint(mongodb) || mongodb.code === '21000'),
  },
  {
    name: 'rows that are there already',
    documented: 'is checked as what it becomes',
    reason: 'PostgreSQL checks the row that is proposed, too, before it finds the one in its way',
    explains: ({ method, headers, target }, postgres, mongodb) =>
      (method === 'PUT' || headers['Prefer']?.includes('resolution=') === true) &&
      /^235(?:02|14)$/.test(postgres.code ?? '') &&
      (mongodb.status < 300 ||
        mongodb.code === 'PGRST116' ||
        // the merged row is there to be shown, and what it is shown as may not be made of it
        (mongodb.code === '22P02' && target.includes('::'))),
  },
  {
    name: 'changed ids',
    documented: 'Changing `_id` is refused',
    reason: 'the server does not let it be changed',
    explains: ({ method }, _, mongodb) => method === 'PATCH' && lacks(mongodb, /_id/),
  },
  {
    name: 'small integers',
    documented: 'A declared `smallint` is an `integer`',
    reason: 'BSON has no integers of 16 bits',
    explains: (_, postgres, mongodb) =>
      / type smallint/.test(postgres.message ?? '') &&
      // what is no mistake here goes on to what a write may break
      (mongodb.status < 300 ||
        mongodb.code === postgres.code ||
        mongodb.code === '21000' ||
        isOfConstraint(mongodb)),
  },
  {
    name: 'digits of numbers in documents',
    documented: 'numbers in documents lose the zeros at their end',
    reason: 'they are doubles, which have no scale',
    explains: (_, postgres, mongodb) =>
      isDeepStrictEqual(withoutZeros(postgres), withoutZeros(mongodb)),
  },
  {
    name: 'order of documents',
    documented: 'documents have no order',
    reason: 'the order of jsonb cannot be had',
    explains: (_, __, mongodb) => lacks(mongodb, /order|compar/i),
  },
  {
    name: 'nulls of documents',
    isOfRows: true,
    documented: 'A null at the top of a column of documents is no value',
    reason: 'BSON has one null, SQL and jsonb have two',
    explains: ({ target, headers, body }) =>
      /meta[^&]*null/.test(decodeURIComponent(target)) ||
      (headers['Content-Type'] !== 'application/json' && /meta.*\bnull\b/s.test(body ?? '')),
  },
  {
    name: 'texts of documents',
    isOfRows: true,
    documented: 'Documents and lists have no text behind `->>`',
    reason: 'the server makes no JSON text',
    explains: ({ target }, postgres, mongodb) =>
      /meta->>[^&]*[=.](?:not\.)?(?:lt|gt)e?[.(]/.test(decodeURIComponent(target)) &&
      postgres.status === mongodb.status,
  },
  {
    name: 'several rows for one object',
    documented: 'only the first row is made',
    reason: 'of rows that are too many for one object, no more than one is written and cast',
    explains: ({ headers }, postgres, mongodb) =>
      headers['Accept'] === 'application/vnd.pgrst.object+json' &&
      postgres.code?.startsWith('22') === true &&
      mongodb.code === 'PGRST116',
  },
  {
    name: 'filters of what sets nothing',
    documented: 'A `PATCH` that sets nothing',
    reason: 'PostgreSQL is not asked for rows that nothing is done to',
    explains: ({ method, body }, postgres, mongodb) =>
      method === 'PATCH' &&
      /^\s*(?:|\[\]|\[?\{\}\]?|1)\s*$/.test(body ?? '') &&
      (postgres.status < 300 || postgres.code === 'PGRST116') &&
      /^(?:22|42)/.test(mongodb.code ?? ''),
  },
]

function isOfConstraint({ code }: Answer): boolean {
  return code?.startsWith('23') === true
}

function lacks({ code, details }: Answer, feature: RegExp): boolean {
  return code === 'PGRST127' && feature.test(details ?? '')
}

function withoutZeros(answer: Answer): unknown {
  return JSON.parse(JSON.stringify(comparable(answer)).replaceAll('1.50', '1.5'))
}
