/**
 * What `--check` prints of a database as it would be served, and whether that is all of what the
 * configuration asks for. Pure.
 */
import type { UnboundPolicy } from './access/access-rules.ts'
import { productName, productVersion } from './core/product.ts'
import { feedText } from './observe/listener-lines.ts'
import { oneLine } from './observe/log-line.ts'
import type { Routine } from './schema/catalog.ts'
import { type UnmatchedPattern, unmatchedPatterns } from './schema/exposure.ts'
import type { Relation, SchemaSnapshot } from './schema/schema-snapshot.ts'
import { unreadableName } from './schema/unreadable-name.ts'
import type { FeedTrial } from './sources/try-feed.ts'

export interface Checked {
  readonly snapshot: SchemaSnapshot
  readonly unboundPolicies: readonly UnboundPolicy[]
  /** Whether schema changes are heard; null where nothing listens. */
  readonly hearing: FeedTrial | null
  /** Slips in the configuration. */
  readonly warnings: readonly string[]
  /** What of the configuration could not be read. */
  readonly problems: readonly string[]
}

export interface CheckReport {
  readonly text: string
  /** 1: something that the configuration asks for would not be served. */
  readonly exitCode: 0 | 1
}

export function printCheck(checked: Checked): CheckReport {
  const { snapshot } = checked
  const { engine, serverVersion } = snapshot.capabilities
  const relations = [...snapshot.relations.values()]
  const routines = [...snapshot.routines.values()].flat()
  const problems = problemsOf(checked)
  const name = ({ schema, name: own }: Relation | Routine) =>
    snapshot.schemas.length === 1 ? own : `${schema}.${own}`
  const parts = [
    `${productName} ${productVersion} would serve ${engine} ${serverVersion}, schemas: ${snapshot.schemas.join(', ')}`,
    ...listed(
      'Relations',
      relations.map((relation) => relationText(name(relation), relation)),
    ),
    ...listed(
      'Functions',
      routines.map((routine) => routineText(name(routine), routine)),
    ),
    ...heardText(checked),
    ...(problems.length === 0 ? [] : listed('Problems', problems)),
    ...listed('Warnings', warningsOf(checked)),
  ]
  return { text: `${parts.join('\n')}\n`, exitCode: problems.length === 0 ? 0 : 1 }
}

/** A line each, also of what the database says in several. */
function listed(title: string, lines: readonly string[]): readonly string[] {
  return [`${title}: ${lines.length}`, ...lines.map((line) => `  ${oneLine(line)}`)]
}

/** Shape  `film_list (view, read only)` */
function relationText(name: string, relation: Relation): string {
  const { kind, canInsert, canUpdate, canDelete } = relation
  const writes = Object.entries({ insert: canInsert, update: canUpdate, delete: canDelete })
  const denied = writes.filter(([, can]) => !can).map(([verb]) => `no ${verb}`)
  const writable = denied.length === writes.length ? ['read only'] : denied
  return `${name} (${[kind.replaceAll('-', ' '), ...writable].join(', ')})`
}

/** Shape  `add(a integer, b integer)` */
function routineText(name: string, { parameters }: Routine): string {
  return `${name}(${parameters.map(({ name: own, type }) => `${own} ${type}`.trim()).join(', ')})`
}

/** Shape  `Schema changes: heard on the "pgrst" channel` */
function heardText({ hearing }: Checked): readonly string[] {
  return hearing?.cause === null ? [`Schema changes: heard ${feedText(hearing)}`] : []
}

/** Why nothing is heard; a way of one's own that does not lead there is no matter of course. */
function unheardTexts({ hearing }: Checked, hasOwnWay: boolean): readonly string[] {
  if (hearing === null || hearing.cause === null || hearing.hasOwnWay !== hasOwnWay) return []
  return [`schema changes are polled, none is heard ${feedText(hearing)}: ${hearing.cause}`]
}

function problemsOf(checked: Checked): readonly string[] {
  const { snapshot, unboundPolicies, problems } = checked
  return [
    ...problems,
    ...unheardTexts(checked, true),
    ...snapshot.unusableRoutines.map(
      ({ schema, name, cause }) => `the function ${schema}.${name} cannot be called: ${cause}`,
    ),
    ...snapshot.unusableRelationships.map(
      ({ name, cause }) => `the relationship ${name} cannot be followed: ${cause}`,
    ),
    // a slip here serves what was to be hidden; one in `db-tables` shows in the list of relations
    ...unmatchedTexts(snapshot, 'db-exclude-tables'),
    ...unboundPolicies.map(
      ({ policy, relation, problem }) =>
        `${relation} is denied to everybody, since the policy ${JSON.stringify(policy)} does not fit: ${problem}`,
    ),
  ]
}

function warningsOf(checked: Checked): readonly string[] {
  const { snapshot, warnings } = checked
  return [
    ...warnings,
    ...unheardTexts(checked, false),
    ...unmatchedTexts(snapshot, 'db-tables'),
    ...snapshot.unreadableRelations.map(
      (each) => `${unreadableName(each)} is not served, since it cannot be read: ${each.cause}`,
    ),
  ]
}

function unmatchedTexts(
  snapshot: SchemaSnapshot,
  of: UnmatchedPattern['option'],
): readonly string[] {
  return unmatchedPatterns(snapshot)
    .filter(({ option }) => option === of)
    .map(({ pattern }) => `no relation has the name ${JSON.stringify(pattern)} of ${of}`)
}
