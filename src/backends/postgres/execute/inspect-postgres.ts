/**
 * What a role may see of a schema, as it is now: relations and functions that it has a privilege
 * on, and the schema's comment. Read for the root document in one transaction as that role, its
 * statements in one batch, on the same path as plans. Types are spelled as the request's search
 * path has them. Where the database is as it was, `kept-inspections.ts` gives what was read before.
 *
 * Rule  PostgREST docs: openapi; v16.2 spec: OpenApiSpec, IgnorePrivOpenApiSpec
 */
import { Cancellation } from '../../../core/cancel-signal.ts'
import { eventLoopSlices } from '../../../core/event-loop-slices.ts'
import { nameKey } from '../../../core/qualified-name.ts'
import { ok } from '../../../core/result.ts'
import { runInSlices } from '../../../core/run-in-slices.ts'
import type { InspectPlan } from '../../../plan/plan.ts'
import type { Routine } from '../../../schema/catalog.ts'
import type { Inspection, RequestContext } from '../../backend.ts'
import { quoteIdentifier } from '../../sql/sql-text.ts'
import { parseRoutines, type RoutineTypes, routineColumns } from '../catalog/catalog-routines.ts'
import {
  asList,
  asNumber,
  asText,
  type CatalogRow,
  flagIn,
  listIn,
  numberIn,
  textIn,
} from '../catalog/catalog-row.ts'
import type { BatchStep, StepResult } from '../protocol/postgres-connection.ts'
import { keepInspections, type StatedInspection } from './kept-inspections.ts'
import { type ContextStep, createContextStep, preRequestStep } from './request-context.ts'
import {
  createTransactionRunner,
  type Transaction,
  type TransactionRunnerDeps,
} from './run-transaction.ts'
import type { SchemaGuards } from './schema-guard.ts'
import { beginStep, commitEnd } from './transaction-steps.ts'
import { stateIn, stateStep } from './visible-state.ts'

export interface InspectorDeps extends TransactionRunnerDeps {
  readonly guards: SchemaGuards
}

export type Inspector = (plan: InspectPlan, context: RequestContext) => Promise<Inspection>

export function createInspector({ guards, ...deps }: InspectorDeps): Inspector {
  const run = createTransactionRunner(deps)
  const contextStep = createContextStep()

  async function inspect(plan: InspectPlan, context: RequestContext): Promise<StatedInspection> {
    const outcome = await run(composeInspection(plan, context, contextStep, guards), context)
    if (outcome.kind !== 'done') return { inspection: outcome, state: null }
    const { state, relations, routines, description } = outcome.value
    const inspection = {
      kind: 'done',
      relations: relations === null ? null : parseNames(relations),
      routines: routines === null ? null : await parseAccessible(routines),
      schemaDescription: description?.rows[0]?.[0]?.toString('utf8') ?? null,
      statements: outcome.statements,
    } as const
    return { inspection, state }
  }

  async function readState({ config }: Pick<RequestContext, 'config'>): Promise<string | null> {
    const outcome = await run(stateQuestion(config), {
      isAuthenticated: false,
      signal: new Cancellation(),
    })
    return outcome.kind === 'done' ? outcome.value : null
  }

  return keepInspections({ inspect, readState, now: () => performance.now() })
}

function stateQuestion(config: RequestContext['config']): Transaction<string | null> {
  return {
    steps: [stateStep(config)],
    end: { steps: [], commits: false },
    guard: null,
    isJudged: false,
    read: ([result]) => ok(stateIn(result)),
    statements: [],
  }
}

interface Answers {
  /** The database's when the inspection began. */
  readonly state: string | null
  /** Null: not asked for, as each of the others. */
  readonly relations: StepResult | null
  readonly routines: StepResult | null
  readonly description: StepResult | null
}

function composeInspection(
  plan: InspectPlan,
  context: RequestContext,
  contextStep: ContextStep,
  guards: SchemaGuards,
): Transaction<Answers> {
  const followsPrivileges = context.config.openapiMode === 'follow-privileges'
  const preRequest = preRequestStep(context.config)
  const before = [contextStep(plan, context), ...(preRequest === null ? [] : [preRequest])]
  const ask = (text: string, keep: BatchStep['keep']): BatchStep => ({
    text,
    params: [quoteIdentifier(plan.schema)],
    types: [],
    isPrepared: context.config.dbPreparedStatements,
    keep,
  })
  const end = commitEnd(context)
  const logged = [
    ...before,
    ...(followsPrivileges ? [ask(relationsSql, 'rows'), ask(routinesSql, 'named-rows')] : []),
    ask(descriptionSql, 'rows'),
  ]
  return {
    steps: [beginStep(plan, context), stateStep(context.config), ...logged],
    // nothing was written that a configured rollback would have to undo
    end,
    guard: guards.guardOf(plan, context, end),
    isJudged: false,
    read(results) {
      const answers = results.slice(2 + before.length)
      const [relations = null, routines = null] = followsPrivileges ? answers : []
      return ok({
        state: stateIn(results[1]),
        relations,
        routines,
        description: answers[followsPrivileges ? 2 : 0] ?? null,
      })
    },
    statements: logged.map((step) => step.text),
  }
}

// tools search PostgREST's log for the words that this statement begins and ends with
const relationsSql = `SELECT
  n.nspname AS table_schema, c.relname AS table_name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relnamespace = $1::regnamespace
  AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT c.relispartition
  AND (
    pg_has_role(c.relowner, 'USAGE')
    OR has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
    OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
  )
ORDER BY table_schema, table_name`

// OFFSET keeps PostgreSQL from looking up the privileges on every function of the database.
const routinesSql = `WITH RECURSIVE
  followed AS (
    SELECT DISTINCT prorettype AS type, prorettype AS base
    FROM pg_proc WHERE pronamespace = $1::regnamespace
    UNION ALL
    SELECT f.type, t.typbasetype
    FROM followed f JOIN pg_type t ON t.oid = f.base
    WHERE t.typtype = 'd'
  ),
  base_types AS (
    SELECT f.type, t.oid AS base, tn.nspname AS schema, coalesce(k.relname, t.typname) AS name,
      t.typtype = 'c' AS is_composite
    FROM followed f
      JOIN pg_type t ON t.oid = f.base
      JOIN pg_namespace tn ON tn.oid = t.typnamespace
      LEFT JOIN pg_class k ON k.oid = t.typrelid
    WHERE t.typtype <> 'd'
  )
SELECT ${routineColumns},
  bt.schema AS return_schema, bt.name AS return_name, bt.is_composite AS return_is_composite,
  bt.base <> bt.type AS return_is_domain, (
    SELECT json_agg(json_build_array(a.type::bigint, format_type(a.type, null)))
    FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) AS a (type)
  ) AS type_texts
FROM (
    SELECT * FROM pg_proc p
    WHERE p.pronamespace = $1::regnamespace AND p.prokind = 'f' OFFSET 0
  ) AS p
  JOIN pg_namespace pn ON pn.oid = p.pronamespace
  JOIN base_types bt ON bt.type = p.prorettype
  LEFT JOIN pg_description d ON d.objoid = p.oid
    AND d.classoid = 'pg_catalog.pg_proc'::regclass AND d.objsubid = 0
WHERE has_function_privilege(p.oid, 'EXECUTE') AND bt.base <> 'pg_catalog.trigger'::regtype`

const descriptionSql = `SELECT pg_catalog.obj_description($1::regnamespace, 'pg_namespace')`

function parseNames({ rows }: StepResult): ReadonlySet<string> {
  return new Set(
    rows.map(([schema, name]) =>
      nameKey({ schema: schema?.toString('utf8') ?? '', name: name?.toString('utf8') ?? '' }),
    ),
  )
}

function parseAccessible({ rows, columns }: StepResult): Promise<readonly Routine[]> {
  const named = rows.map((row) =>
    Object.fromEntries(
      columns.map((column, at) => [column, row[at]?.toString('utf8') ?? null] as const),
    ),
  )
  const steps = parseRoutines(named, typesIn(named), [])
  return runInSlices(steps, eventLoopSlices)
}

/** What the rows themselves say of the types that they name. */
function typesIn(rows: readonly CatalogRow[]): RoutineTypes {
  const texts = new Map<number, string>()
  const returned = new Map<number, CatalogRow>()
  for (const row of rows) {
    for (const entry of listIn(row, 'type_texts')) {
      const [type, text] = asList(entry)
      texts.set(asNumber(type), asText(text))
    }
    returned.set(numberIn(row, 'return_type'), row)
  }
  function returnedAs(oid: number): CatalogRow {
    const row = returned.get(oid)
    if (row === undefined) throw new Error(`catalog query: type ${oid} is returned by no routine`)
    return row
  }
  return {
    // PostgreSQL's text for what is gone; a name like it has quotes
    isThere: (oid) => texts.get(oid) !== '???',
    typeOf: (oid) => ({
      text: texts.get(oid) ?? '',
      isDomain: returned.has(oid) && flagIn(returnedAs(oid), 'return_is_domain'),
    }),
    baseOf: (oid) => ({
      schema: textIn(returnedAs(oid), 'return_schema'),
      name: textIn(returnedAs(oid), 'return_name'),
      isComposite: flagIn(returnedAs(oid), 'return_is_composite'),
    }),
  }
}
