/**
 * While the mark stands still the catalogs are checked all the same once in a backstop period, for
 * what moves no mark. One server can do that for all who look at the same: it tells a row of the
 * database that it has (`mark-script.ts`), and the others read that row in place of the catalogs. This
 * needs nobody to hear anybody, so that it serves behind poolers that swallow notifications too.
 *
 * What the row says is a token. It stands for a coverage: a time through which a server has checked
 * again and again, and has always found what it had loaded. When a check does not continue what was
 * seen before, another coverage begins, with another token.
 *
 * A token that is merely fresh proves nothing to others. Somebody disables an event trigger, changes
 * a table and enables it again; server A last looked before that, server B starts afterwards. B checks
 * each minute and finds nothing, since it has never seen anything else; A must not take its word.
 * So each server keeps the token that it read in the row before it last checked the catalogs itself.
 * The coverage of that token had begun before that check, and goes on after it: where the row still
 * has the same token, the leader has covered everything since A's own look. Where it has another one,
 * A looks for itself, and may follow the new leader from then on.
 *
 * Who leads checks somewhat earlier than the others, so that none of them comes first; when it tells
 * nothing any more the next one who looks takes its place. The row's time is that of the database
 * before the leader's check, so how long a check or a stalled process takes makes nothing look newer.
 * Any role's request may call the functions under the servers' login: what the row says is believed
 * for some periods, and then a server looks for itself.
 */
import { createHash, randomUUID } from 'node:crypto'
import { productVersion } from '../../../core/product.ts'
import type { ControlQuery, ControlRows } from '../connect/control-connection.ts'
import { checkFunctions, mostAheadMs } from './mark-script.ts'
import { type Mark, sqlStateOf } from './read-mark.ts'

/** What was seen of the catalogs: since when nothing else was, and by whose word. */
export interface Coverage {
  /** What we tell of it. */
  readonly token: string
  /** The token in the row before one of our own checks of it; null: there was none, or nobody asked. */
  readonly leader: string | null
  /** Milliseconds, of the last check, ours or the leader's. */
  readonly checkedAt: number
  /** Milliseconds. */
  readonly ownCheckAt: number
}

/** The row of a view, as it was read. */
export interface CheckRow {
  readonly view: string
  /** Null: nobody has told anything. */
  readonly token: string | null
  /** Milliseconds since the check that it tells of. */
  readonly ageMs: number
  /** The database's time when it was read, in its words. */
  readonly readAt: string
}

export interface SharedCheck {
  /**
   * After a check of our own. `before`: what it continues, null: nothing; `row`: read before the
   * check, null: nobody asked.
   */
  cover(before: Coverage | null, row: CheckRow | null): Coverage
  /** Whether it is time for the next check, of whomever. */
  isDue(coverage: Coverage): boolean
  /**
   * Null: checks are not shared here, by an older installation, a standby or a role that only reads.
   *
   * Errors  rejects with BackendFailure when the database cannot be asked
   */
  read(query: ControlQuery, mark: Mark, scope: string): Promise<CheckRow | null>
  /** What the row makes of a coverage in place of a check; null: it has to be checked. */
  spare(coverage: Coverage, row: CheckRow | null): Coverage | null
  /** Our own check has found what was there before. Told aside, and in vain where somebody else leads. */
  tell(coverage: Coverage, row: CheckRow): void
}

export interface SharedCheckDeps {
  /** Runs a statement where `read` reads, though nobody waits for it. Null: it failed. Never rejects. */
  readonly aside: (sql: string, params: readonly string[]) => Promise<ControlRows | null>
  /** Milliseconds, monotonic. */
  readonly now: () => number
  readonly backstopMs: number
}

/**
 * Part of the period after which the leader checks again, at its next look. Where servers hear each other
 * the one that looks for all does so each 39 s, 0.65 of a minute (`fleet.ts`). That must not be too early for
 * the check: it would come with the next look, after 78 s, and the row would not be fresh for 18 of them.
 */
const leaderShare = 0.6

/** After so many periods a server checks for itself, whatever the row says. */
const ownCheckPeriods = 10

/** A function that is missing, or must not be called, is an error that the server logs. */
const isThereSql = `select ${checkFunctions
  .map(
    (signature) =>
      `coalesce(has_function_privilege(to_regprocedure('dbrest.${signature}'), 'execute'), false)`,
  )
  .join(' and ')} as is_there`

// the function knows whose session it is; the role that catalogs are read as can be another one
const viewSql = `current_user || ' ' || $1`

const readSql = `select * from dbrest.read_check(${viewSql})`

const tellSql = `select dbrest.tell_check(${viewSql}, $2, $3, $4) as is_told`

export function createSharedCheck({ aside, now, backstopMs }: SharedCheckDeps): SharedCheck {
  const process = randomUUID()
  let coverages = 0
  let isLeading = false

  const isOwn = (token: string) => token.startsWith(`${process}.`)
  const isFresh = ({ ageMs }: CheckRow) => ageMs >= -mostAheadMs && ageMs < backstopMs
  const owesOwnCheck = ({ ownCheckAt }: Coverage) =>
    now() - ownCheckAt >= ownCheckPeriods * backstopMs

  function newToken(): string {
    coverages += 1
    return `${process}.${coverages}`
  }

  return {
    cover: (before, row) => ({
      token: before?.token ?? newToken(),
      leader: row === null ? (before?.leader ?? null) : row.token,
      checkedAt: now(),
      ownCheckAt: now(),
    }),
    isDue(coverage) {
      const pauseMs = isLeading ? backstopMs * leaderShare : backstopMs
      return now() - coverage.checkedAt >= pauseMs || owesOwnCheck(coverage)
    },
    async read(query, { database }, scope) {
      const view = digest([productVersion, database, scope])
      try {
        const [look] = await query(isThereSql)
        if (look?.['is_there'] !== 't') return null
        const [row] = await query(readSql, [view])
        if (row === undefined) return null
        const { token = null, age_ms: ageMs, read_at: readAt } = row
        isLeading = token !== null && isOwn(token)
        return { view, token, ageMs: Number(ageMs), readAt: String(readAt) }
      } catch (failure) {
        // it was taken away in between
        if (sqlStateOf(failure) === null) throw failure
        return null
      }
    },
    spare(coverage, row) {
      if (row === null || row.token === null || row.token !== coverage.leader) return null
      if (isOwn(row.token) || !isFresh(row) || owesOwnCheck(coverage)) return null
      return { ...coverage, checkedAt: now() - Math.max(0, row.ageMs) }
    },
    tell({ token }, row) {
      void aside(tellSql, [row.view, token, row.readAt, String(backstopMs)]).then((rows) => {
        if (rows !== null) isLeading = rows[0]?.['is_told'] === 't'
      })
    },
  }
}

/** Servers of other versions may look at other things. */
function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}
