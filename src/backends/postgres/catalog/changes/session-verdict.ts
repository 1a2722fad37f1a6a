/**
 * Changes that looks at the catalogs find → what outlives a load in the sessions from before it: their
 * statements and plans, which they can be told to forget, or the sessions themselves
 * (`session-doubts.ts` says what makes the difference).
 */
import type { Outlived } from '../../../../cache/outlived.ts'
import type { CatalogSession } from '../catalog-transaction.ts'
import type { RowChange } from './change-window.ts'
import {
  addSessionDoubts,
  type KeptByRoutines,
  keptByRoutinesStatement,
  noSessionDoubts,
  parseKeptByRoutines,
  parseShadows,
  shadowsStatement,
} from './session-doubts.ts'

export class SessionVerdict {
  #doubts = noSessionDoubts()
  /** What functions keep; null: not known of the functions that there are. */
  #kept: KeptByRoutines | null = null
  #outlived: Outlived = 'statements'

  /** @param isRelation as `addSessionDoubts` takes it */
  meet(changes: readonly RowChange[], isRelation: (oid: number) => boolean): void {
    addSessionDoubts(this.#doubts, changes, isRelation)
  }

  /** Whatever was found: no session from before is to go on. */
  replaceSessions(): void {
    this.#outlived = 'sessions'
  }

  /** It is another database, or may be. */
  forgetFunctions(): void {
    this.#kept = null
  }

  /** In the transaction of a look: what it and those before it have found is held against functions. */
  async settle({ batch }: CatalogSession): Promise<void> {
    const { columns, came, routines } = this.#doubts
    if (routines.size > 0) this.#kept = null
    if (!this.#doubts.names && !columns && came.size === 0 && routines.size === 0) return
    const kept = this.#kept ?? (await this.#askForKept(batch))
    const isAsked = came.size > 0 && !this.#doubts.names && kept.names
    const [shadows = []] = isAsked ? await batch([shadowsStatement(this.#doubts)]) : []
    const names = this.#doubts.names || (isAsked && parseShadows(shadows))
    if ((names && kept.names) || (columns && kept.columns)) this.replaceSessions()
    this.#doubts = noSessionDoubts()
  }

  async #askForKept(batch: CatalogSession['batch']): Promise<KeptByRoutines> {
    const [rows = []] = await batch([keptByRoutinesStatement(this.#doubts)])
    const { libraries, ...kept } = parseKeptByRoutines(rows)
    this.#kept = kept
    if (libraries) this.replaceSessions()
    return kept
  }

  /** What was found since this was last asked. */
  take(): Outlived {
    const found = this.#outlived
    this.#outlived = 'statements'
    return found
  }
}
