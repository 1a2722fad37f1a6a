/**
 * What a server makes of the schema mark: it stands in for the check of the catalogs while it has
 * not moved, and says of each schema version under which mark it was last seen, which is what
 * requests are compared with in strict mode.
 *
 * A mark is always read before the catalogs that it labels. A change in between leaves the older mark
 * on the newer version, which is found out at the next reading; the other way round it would not be.
 *
 * Some changes move no mark (docs/strict-mode.md), so the catalogs are checked all the same now and
 * then, by one server for all who look at the same (`shared-check.ts`). What is found under a mark that
 * has not moved is marked by us, so that every server learns of it.
 */
import type { MarkStatus } from '../../../observe/mark-status.ts'
import type { Observe } from '../../../observe/observation.ts'
import type { SchemaLook, SchemaVersion } from '../../../schema/catalog.ts'
import type { SchemaOptions } from '../../../schema/schema-snapshot.ts'
import type { IntrospectionRequest, ProofBasis } from '../../backend.ts'
import { isOpenVersion } from '../catalog/open-version.ts'
import type { ControlConnection, ControlQuery, ControlRows } from '../connect/control-connection.ts'
import { type Mark, type MarkReading, readMark } from './read-mark.ts'
import { createSharedBasis } from './share-marks.ts'
import { type CheckRow, type Coverage, createSharedCheck } from './shared-check.ts'

export interface SchemaMarkDeps {
  /** Runs queries on a server that can be written to. */
  readonly onPrimary: ControlConnection['run']
  /** Runs queries where versions and schemas are read, behind the look or load that is under way. */
  readonly onReads: ControlConnection['run']
  /** Requests have to be proven: a mark that is missing is then an error. */
  readonly isNeeded: () => boolean
  readonly observe: Observe
  /** Milliseconds, monotonic. */
  readonly now: () => number
  /** Milliseconds after which somebody checks the catalogs although the mark stands still. */
  readonly backstopMs?: number
}

export interface SchemaMark {
  /** The version of the schema: by the mark where that is enough, else by `check`. */
  version(
    query: ControlQuery,
    options: SchemaOptions,
    look: SchemaLook,
    check: () => Promise<SchemaVersion>,
  ): Promise<SchemaVersion>
  /** Runs a load, and remembers the mark that it began under. */
  label<T extends { readonly schemaVersion: SchemaVersion }>(
    query: ControlQuery,
    request: Pick<IntrospectionRequest, 'options' | 'previous'>,
    load: () => Promise<T>,
  ): Promise<T>
  /** Reads the mark. Rejects with BackendFailure when the database cannot be asked. */
  look(query: ControlQuery): Promise<MarkReading>
  /** Whether the last reading found one, so that the database tells of what is marked by itself. */
  isThere(): boolean
  /** What the last reading found, in words. */
  status(): MarkStatus
  /** Whether a schema of this version was seen under this mark. */
  isUnder(mark: Mark, version: SchemaVersion): boolean
  /** The mark under which a schema of this version was last seen; null: there was none. */
  markOf(version: SchemaVersion): string | null
  /** What has been seen, for processes that prove requests and load no schemas. */
  readonly basis: ProofBasis
}

/** What the catalogs were found to be. */
interface Sighting {
  readonly mark: Mark
  /** What of the catalogs was looked at. */
  readonly scope: string
  readonly version: SchemaVersion
  readonly coverage: Coverage
}

/** Versions that are remembered: requests may still be under way on older snapshots. */
const versionsKept = 16

/** Rows beyond which the marks are folded into one. */
const rowsKept = 3

/** Milliseconds for what is done beside a load. */
const asideLimitMs = 5000

export function createSchemaMark(deps: SchemaMarkDeps): SchemaMark {
  const { onPrimary, onReads, isNeeded, observe, now, backstopMs = 60_000 } = deps
  let reading: MarkReading = { kind: 'absent' }
  let told: string | null = null
  let seen: Sighting | null = null
  /** What the last load was of. A check of another version knows less of its objects than a load of it. */
  let loadedVersion: SchemaVersion | null = null
  const marks = new Map<SchemaVersion, string>()
  const shared = createSharedBasis({
    current: () => ({ reading, marks: [...marks] }),
    adopt(basis) {
      reading = basis.reading
      marks.clear()
      for (const [version, mark] of basis.marks) marks.set(version, mark)
      // the process that looks has told it
      told = stateOf(reading)
    },
  })

  // under the login that looks, and on its server, which the one that is written to need not be
  const checks = createSharedCheck({ aside: asideOn(onReads), now, backstopMs })
  const onPrimaryAside = asideOn(onPrimary)

  async function read(query: ControlQuery): Promise<MarkReading> {
    reading = await readMark(query, reading.kind === 'found')
    tell()
    return reading
  }

  /** Once for each state that is found, the missing mark only where it is needed. */
  function tell(): void {
    const cause = reading.kind === 'unfit' ? reading.cause : null
    const state = stateOf(reading)
    if (state === told) return
    const isNews = reading.kind !== 'absent' || isNeeded() || told !== null
    told = state
    if (isNews) observe({ kind: 'schema-mark', state: reading.kind, cause, isNeeded: isNeeded() })
  }

  function stateOf(found: MarkReading): string {
    return `${found.kind} ${found.kind === 'unfit' ? found.cause : null} ${isNeeded()}`
  }

  function note(found: MarkReading, sighting: Omit<Sighting, 'mark'>): void {
    remember(found, sighting)
    shared.tell()
  }

  function remember(found: MarkReading, sighting: Omit<Sighting, 'mark'>): void {
    if (found.kind !== 'found') {
      seen = null
      return
    }
    const { mark } = found
    const { version } = sighting
    // an open version is to be loaded again at the next look, so it must not be taken for seen
    seen = isOpenVersion(version) ? null : { mark, ...sighting }
    marks.delete(version)
    marks.set(version, mark.value)
    for (const oldest of marks.keys()) {
      if (marks.size <= versionsKept) break
      marks.delete(oldest)
    }
    if (mark.rows > rowsKept) void onPrimaryAside('select dbrest.prune_marks()')
  }

  /** What was seen under the mark that was found; null: it has moved. */
  function unmovedSince(found: MarkReading, scope: string): Sighting | null {
    const isUnmoved =
      found.kind === 'found' && seen?.scope === scope && isSame(found.mark, seen.mark)
    return isUnmoved ? seen : null
  }

  /** A change was found under a mark that had not moved, unless it has moved since. */
  async function mark(query: ControlQuery, { mark: before }: Sighting): Promise<void> {
    const after = await read(query)
    if (after.kind !== 'found' || !isSame(after.mark, before)) return
    observe({ kind: 'change-unmarked' })
    void onPrimaryAside('select dbrest.move_mark()')
  }

  /** Whether what was seen is known to be there still; if not, what others had told. */
  async function askOthers(
    query: ControlQuery,
    before: Sighting,
  ): Promise<{ readonly isSpared: boolean; readonly row: CheckRow | null }> {
    if (!checks.isDue(before.coverage)) return { isSpared: true, row: null }
    const row = await checks.read(query, before.mark, before.scope)
    const coverage = checks.spare(before.coverage, row)
    if (coverage !== null) seen = { ...before, coverage }
    return { isSpared: coverage !== null, row }
  }

  return {
    async version(query, options, look, check) {
      const scope = scopeOf(options)
      const found = await read(query)
      const before = unmovedSince(found, scope)
      let row: CheckRow | null = null
      if (look === 'quick' && before !== null) {
        const others = await askOthers(query, before)
        if (others.isSpared) return before.version
        row = others.row
      }
      const version = await check()
      const isSame = before?.version === version
      const coverage = checks.cover(isSame ? before.coverage : null, row)
      note(found, { scope, version, coverage })
      if (before !== null && !isSame) await mark(query, before)
      if (isSame && row !== null && version === loadedVersion) checks.tell(coverage, row)
      return version
    },
    async label(query, { options, previous }, load) {
      const scope = scopeOf(options)
      const found = await read(query)
      const before = unmovedSince(found, scope)
      const loaded = await load()
      const { schemaVersion } = loaded
      loadedVersion = schemaVersion
      note(found, { scope, version: schemaVersion, coverage: checks.cover(null, null) })
      // a check of the version that came first has found the change, and has marked it
      const isNew = before?.version === previous?.schemaVersion && before?.version !== schemaVersion
      if (before !== null && isNew && !isOpenVersion(schemaVersion)) await mark(query, before)
      return loaded
    },
    look: read,
    isThere: () => reading.kind === 'found',
    status: () => ({
      state: reading.kind,
      cause: reading.kind === 'unfit' ? reading.cause : null,
    }),
    isUnder: ({ value }, version) => marks.get(version) === value,
    markOf: (version) => (reading.kind === 'found' ? (marks.get(version) ?? null) : null),
    basis: shared.basis,
  }
}

/** Null: it failed. Nothing fails with it: another server or the next load does it too. */
function asideOn(run: ControlConnection['run']) {
  return (sql: string, params: readonly string[] = []): Promise<ControlRows | null> =>
    run((query) => query(sql, params), AbortSignal.timeout(asideLimitMs)).catch(() => null)
}

function isSame(a: Mark, b: Mark): boolean {
  return a.value === b.value && a.database === b.database
}

/** The options that decide what of the catalogs a version is made of. */
function scopeOf({ dbSchemas, dbExtraSearchPath }: SchemaOptions): string {
  return JSON.stringify([dbSchemas, dbExtraSearchPath])
}
