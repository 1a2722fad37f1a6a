/**
 * What proves in strict mode that a transaction was run on the schema that it was planned on: a look
 * at the schema mark, in the transaction's own batch wherever that is sound.
 *
 * - In front of the statement it would prove nothing: a rename that commits in between is not seen.
 * - In read committed a statement's snapshot is no older than the names of those before it, so the
 *   look is the last statement before the end. Of a read it is judged here; of a write that is to be
 *   committed it fails when the mark has moved. Changes of the schema by the transaction itself do
 *   not count.
 * - What commits nothing above read committed, or is rolled back, is looked for behind its end, by a
 *   snapshot that is younger than all that it did.
 * - For a write above read committed a look of its own would see the mark of the transaction's
 *   beginning while names resolve by what is newest. So it is made beside the transaction, in another
 *   session, which is had before the transaction begins, and before the COMMIT is sent. What changes
 *   afterwards comes after the answer.
 *
 * The batch is composed by `execute-postgres.ts` and `inspect-postgres.ts`, and judged by
 * `run-transaction.ts`.
 */
import type { DatabasePlan, InspectPlan } from '../../../plan/plan.ts'
import { isReadOnly } from '../../../plan/transaction-rules.ts'
import type { RequestContext, SchemaProof } from '../../backend.ts'
import type { SchemaMark } from '../mark/schema-mark.ts'
import type { SchemaProofs } from '../mark/schema-proofs.ts'
import type { BatchStep, ServerError, StepResult } from '../protocol/postgres-connection.ts'
import { isolationLevel, type TransactionEnd } from './transaction-steps.ts'

export type SchemaGuard =
  | {
      readonly kind: 'before-end' | 'behind-end'
      readonly step: BatchStep
      readonly judge: (result: StepResult | undefined) => SchemaProof
    }
  /** Fails with `guardFailed` when the schema has moved. */
  | { readonly kind: 'before-commit'; readonly step: BatchStep }
  | { readonly kind: 'beside'; readonly look: () => Promise<SchemaProof> }
  /** The same, whose session is to be had first. Null: there is none to be had. */
  | { readonly kind: 'to-hold'; readonly hold: () => Promise<HeldGuard | null> }
  /** There is no mark to be compared with, unless a look finds one. */
  | { readonly kind: 'markless'; readonly look: () => Promise<SchemaProof> }

export interface HeldGuard {
  readonly guard: Extract<SchemaGuard, { readonly kind: 'beside' }>
  readonly leave: () => void
}

export interface SchemaGuards {
  /** Null unless strict mode asks for a proof. */
  guardOf(
    plan: DatabasePlan | InspectPlan,
    context: RequestContext,
    end: TransactionEnd,
  ): SchemaGuard | null
}

export interface SchemaGuardDeps {
  readonly mark: Pick<SchemaMark, 'markOf'>
  /** A look on a connection of its own, which begins after the call. Never rejects. */
  readonly look: SchemaProofs['look']
  /** A session for looks at the server that is written to. */
  readonly holdLooks: SchemaProofs['holdLooks']
}

export function createSchemaGuards({ mark, look, holdLooks }: SchemaGuardDeps): SchemaGuards {
  return {
    guardOf(plan, context, end) {
      const { config, snapshot } = context
      if (!config.dbSchemaStrict) return null
      const version = snapshot.schemaVersion
      const held = mark.markOf(version)
      if (held === null) return { kind: 'markless', look: () => look(snapshot) }
      const isPrepared = config.dbPreparedStatements
      const isReadCommitted = isolationLevel(plan, context) === 'read-committed'
      if (isReadOnly(plan) || !end.commits) {
        return {
          kind: isReadOnly(plan) && isReadCommitted ? 'before-end' : 'behind-end',
          step: isPrepared ? preparedMarkStep : markStep,
          judge(result) {
            const found = result === undefined ? null : markIn(result)
            // a check that ended meanwhile may have found the same schema under a newer mark
            return found === held || found === mark.markOf(version) ? 'current' : 'moved'
          },
        }
      }
      if (isReadCommitted) {
        const guard = { ...step, text: guardSql, params: [held], isPrepared }
        return { kind: 'before-commit', step: guard }
      }
      return {
        kind: 'to-hold',
        async hold() {
          const held = await holdLooks()
          if (held === null) return null
          const guard = { kind: 'beside', look: () => held.look(snapshot) } as const
          return { guard, leave: held.leave }
        },
      }
    },
  }
}

const step = { params: [], types: [], keep: 'rows' } as const

// there are few rows, mostly one: PostgreSQL needs longer to begin with an aggregate than we for all
const markStep = { ...step, text: 'select mark from dbrest.schema_mark', isPrepared: false }
const preparedMarkStep = { ...markStep, isPrepared: true }

/** The exclusive or of all marks, a bigint in digits; null: there are none. */
function markIn({ rows: [first, ...others] }: StepResult): string | null {
  const digits = first?.[0]?.toString('latin1') ?? null
  if (digits === null || others.length === 0) return digits
  const marks = others.map((row) => BigInt(row[0]?.toString('latin1') ?? '0'))
  return String(
    BigInt.asIntN(
      64,
      marks.reduce((all, mark) => all ^ mark, BigInt(digits)),
    ),
  )
}

// whoever's search path a function has left behind, these are PostgreSQL's own operators
const guardSql = `select 1 operator(pg_catalog./) coalesce((
  select pg_catalog.bit_xor(mark) operator(pg_catalog.=) $1::pg_catalog.int8
  from dbrest.schema_mark
  where not coalesce(
    made_by operator(pg_catalog.=) pg_catalog.pg_current_xact_id_if_assigned(), false)
)::pg_catalog.int4, 0)`

/** What a guard that failed says of the schema; null: it failed for another reason. */
export function guardFailure({ sqlState }: ServerError): Exclude<SchemaProof, 'current'> | null {
  // division by zero
  if (sqlState === '22012') return 'moved'
  return markGone.has(sqlState) ? 'unprovable' : null
}

/** The mark was taken away, is of another version, or must not be read. */
const markGone: ReadonlySet<string> = new Set(['42P01', '3F000', '42703', '42501'])
