/**
 * What engines can do, as the tables of docs/compatibility.md: grades from the capabilities in the
 * code and from who enforces them, differences from the conformance cases that list them.
 */

import { optionKeys, options } from '../../src/config/options.ts'
import { assertNever } from '../../src/core/assert-never.ts'
import { featureNames } from '../../src/plan/refuse-unsupported.ts'
import { type Feature, features, type Grade } from '../../src/schema/capabilities.ts'
import { type Enforcement, enforcement } from '../../src/schema/enforcement.ts'
import type { CaseRequest, ConformanceCase, EngineName } from './conformance-case.ts'

export interface GradedEngine {
  readonly name: EngineName
  readonly title: string
  readonly grades: Readonly<Record<Feature, Grade>>
}

export function renderGrades(engines: readonly GradedEngine[]): string {
  return table(
    ['feature', ...engines.map((engine) => engine.title), 'an engine without it'],
    features.map((feature) => [
      featureNames[feature],
      ...engines.map((engine) => engine.grades[feature]),
      consequence(enforcement[feature]),
    ]),
  )
}

/** Why an engine lacks a feature: one sentence for each that is `unsupported`. */
const reasons: Readonly<Partial<Record<EngineName, Readonly<Partial<Record<Feature, string>>>>>> = {
  postgres: {
    statementTimeout: 'it has `statement_timeout`, of roles, sessions and functions',
    readOnlyServer: 'it has `default_transaction_read_only`, of roles',
    foreignKeySwitch: 'it always enforces foreign keys',
    declarations: 'tables have columns and keys',
  },
  sqlite: {
    computedRelationships:
      'they are functions that take a row, and SQLite has none; foreign keys and views over them are there',
    compositePath: 'there are no such types: lists and objects are JSON, into which `->` reaches',
    rangeOperators: 'there are no ranges: two columns and two comparisons do it',
    geojson: 'there are no geometries: PostGIS makes them',
    customMedia: 'they are aggregates and domains of the database, and SQLite has neither',
    domainRepresentations:
      'there are no domains and no casts of its own: a view may show values otherwise',
    schemas:
      'one server serves one file, which is one schema: see [several files](sqlite.md#several-files)',
    timezone: 'moments have no zone of the session: they are shown as they are stored',
    databaseConfig: 'there are no settings of roles; they come from file and environment',
    notifications:
      'it tells nobody of changes: the version of the schema is asked for, and read with each request',
    provenAnswers: 'each request reads the version of the schema anyway',
    declarations: 'tables have columns and keys',
  },
  mongodb: {
    computedRelationships:
      'they are functions that take a row, and MongoDB has none; declared relationships are there',
    computedFields: 'they are functions of a row as well; a field of a view does it',
    rangeOperators: 'there are no ranges: two fields and two comparisons do it',
    geojson: 'PostGIS makes them; GeoJSON that documents hold is shown as it is stored',
    customMedia: 'they are aggregates and domains of the database, and MongoDB has neither',
    planMedia: 'a plan of MongoDB tells of stages and indexes, in a language of its own',
    preRequest: 'a pipeline, which is what functions are there, cannot refuse a request',
    domainRepresentations:
      'there are no domains and no casts of its own: a view may show values otherwise',
    timezone: 'moments have no zone of the session: they are shown in UTC',
    databaseConfig: 'there are no settings of roles; they come from file and environment',
    notifications: 'there is no channel to send on: a change stream tells of changes',
    foreignKeySwitch: 'there are no foreign keys that it would enforce',
    provenAnswers: 'it has no event triggers that could mark a change of the schema',
  },
}

/** Errors  what is unsupported without a reason, or has one without being so */
export function renderReasons(engines: readonly GradedEngine[]): string {
  const rows = engines.flatMap(({ name, title, grades }) =>
    features.flatMap((feature) => {
      const reason = reasons[name]?.[feature]
      if ((grades[feature] === 'unsupported') !== (reason !== undefined)) {
        throw new Error(`${title} and ${featureNames[feature]}: a reason for what is unsupported`)
      }
      return reason === undefined ? [] : [[title, featureNames[feature], reason]]
    }),
  )
  return table(['engine', 'feature', 'why not'], rows)
}

/** What an engine without the feature does, or is like. */
function consequence(enforced: Enforcement): string {
  const keys = 'options' in enforced ? Object.keys(enforced.options) : []
  const names = optionKeys
    .filter((key) => keys.includes(key))
    .map((key) => `\`${options[key].name}\``)
  const start = names.length === 0 ? [] : [`refuses to start with ${names.join(', ')}`]
  switch (enforced.at) {
    case 'request':
    case 'plan':
      return ['refuses the request', ...start].join(', ')
    case 'configuration':
      return start.join()
    case 'inexpressible':
      return enforced.without
    default:
      return assertNever(enforced)
  }
}

/** Requests, each with the reason for which its answer is another. */
export function renderDifferences(
  engines: readonly GradedEngine[],
  cases: readonly ConformanceCase[],
): string {
  const rows = engines.flatMap(({ name, title }) => {
    return cases.flatMap(({ request, differs }) => {
      const difference = differs?.[name]
      if (difference === undefined) return []
      return [[title, asked(request), difference.reason]]
    })
  })
  // cases that differ in their headers only look the same
  const lines = new Map(rows.map((cells) => [cells.join('\n'), cells]))
  return table(['engine', 'request', 'why the answer is another'], [...lines.values()])
}

/** Requests that are played on an engine's own server only, which not every run has. */
export function renderUnshown(
  engines: readonly GradedEngine[],
  cases: readonly ConformanceCase[],
): string {
  const rows = engines.flatMap(({ name, title }) => {
    return cases.flatMap(({ request, unshown }) => {
      const reason = unshown?.[name]
      return reason === undefined ? [] : [[title, asked(request), reason]]
    })
  })
  return table(['engine', 'request', 'why it was not'], rows)
}

function asked({ method, target }: CaseRequest): string {
  return `\`${method} ${decodeURIComponent(target)}\``
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.map(escaped).join(' | ')} |`).join('\n')
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|')
}
