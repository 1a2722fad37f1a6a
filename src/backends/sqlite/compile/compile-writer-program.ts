/**
 * A plan that writes → the program of the writer process, as the text that is sent to it, and the
 * statements whose operands its requests bring: `db-pre-request`, the write or the function, and the read
 * that the row is compared with.
 */
import { err, ok, type Result } from '../../../core/result.ts'
import type { CallPlan, MutatePlan, ReadPlan } from '../../../plan/plan.ts'
import type { SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import type { SqlStatement } from '../../sql/sql-text.ts'
import type { WriterProgram } from '../wire/write-program.ts'
import { type Refusal, refusalOf } from './compile-refusal.ts'
import { compileComparedRead } from './compile-sqlite.ts'
import { compileWriteProgram } from './compile-sqlite-mutate.ts'
import { compileCallProgram } from './function/compile-call-program.ts'
import { callOf, preRequestOf } from './function/compile-sqlite-call.ts'
import { openWriteScope, StatementList } from './write-scope.ts'

export interface CompiledWrite {
  /** JSON of the WriterProgram. */
  readonly program: string
  /** In the order in which the program's operands are bound. */
  readonly statements: readonly SqlStatement[]
  /** Bound behind them, to the read's own request; then comes what is expected of it. Null: nothing. */
  readonly compared: SqlStatement | null
  /** The write's own text, for the log; null: nothing is written. */
  readonly text: string | null
}

type CompiledMutation = Result<CompiledWrite, Refusal>

/** What the writer process runs. */
export type WritingPlan = MutatePlan | CallPlan

/**
 * Compiles each plan once and forgets it together with the plan, which belongs to one snapshot and
 * one configuration.
 */
export function createMutationCompiler(): (
  plan: WritingPlan,
  snapshot: SchemaSnapshot,
  preRequest: string | null,
  compared: ReadPlan | null,
) => CompiledMutation {
  const plain = new WeakMap<WritingPlan, CompiledMutation>()
  const comparing = new WeakMap<WritingPlan, WeakMap<ReadPlan, CompiledMutation>>()

  function programsComparing(plan: WritingPlan): WeakMap<ReadPlan, CompiledMutation> {
    const known = comparing.get(plan)
    if (known !== undefined) return known
    const fresh = new WeakMap<ReadPlan, CompiledMutation>()
    comparing.set(plan, fresh)
    return fresh
  }

  return (plan, snapshot, preRequest, compared) => {
    const known = compared === null ? plain.get(plan) : programsComparing(plan).get(compared)
    if (known !== undefined) return known
    const fresh = compileMutation(plan, snapshot, preRequest, compared)
    if (compared === null) plain.set(plan, fresh)
    else programsComparing(plan).set(compared, fresh)
    return fresh
  }
}

function compileMutation(
  plan: WritingPlan,
  snapshot: SchemaSnapshot,
  preRequest: string | null,
  read: ReadPlan | null,
): CompiledMutation {
  try {
    const list = new StatementList()
    const first = preRequestOf(preRequest, { snapshot })
    const before = first === null ? null : compileCallProgram(first, null, snapshot, list)
    const main =
      plan.kind === 'call'
        ? compileCallProgram(callOf(plan, { snapshot }), plan, snapshot, list)
        : compileWriteProgram(openWriteScope(plan, snapshot), list)
    const written = [...list.statements]
    const shown = read === null ? null : list.add(compileComparedRead(read, snapshot))
    const program: WriterProgram = {
      before,
      compared: shown === null ? null : { shown, expectedAt: shown.operandsAt + shown.operands },
      main,
    }
    return ok({
      program: JSON.stringify(program),
      statements: written,
      compared: list.statements[written.length] ?? null,
      text: textOf(main),
    })
  } catch (error) {
    return err(refusalOf(error))
  }
}

/** What the log shows of it. */
function textOf(main: WriterProgram['main']): string | null {
  const written = main.kind === 'call' ? main.statements.at(-1) : main.write
  return written?.sql ?? null
}
