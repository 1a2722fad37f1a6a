/**
 * What a PostgreSQL backend knows of its database's schema between loads: where the catalogs were
 * last looked at, what has changed since the last load, and what that load made of them. Versions
 * and loads are both answered from it, so that a change which a check has found is not looked for
 * again, and none that was found is lost where the load behind it fails.
 *
 * Work is given one session at a time (`control-connection.ts`). Work that was given up may still
 * run for a moment: it changes nothing any more.
 */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Outlived } from '../../../cache/outlived.ts'
import type { Catalog, SchemaVersion } from '../../../schema/catalog.ts'
import type { SchemaOptions } from '../../../schema/schema-snapshot.ts'
import { beginCatalogs, type CatalogSession } from './catalog-transaction.ts'
import { ChangeWindow, type KeySets } from './changes/change-window.ts'
import { isClean, type KnownObjects, markDirty, noDirtyObjects } from './changes/dirty-objects.ts'
import { KeySet } from './changes/key-set.ts'
import { type LookPlace, parsePlace, placeStatement } from './changes/look-place.ts'
import {
  type CatalogChanges,
  type CountedKind,
  changesStatement,
  countedKinds,
  keysStatement,
  parseChanges,
  parseKeySet,
} from './changes/read-changes.ts'
import { SessionVerdict } from './changes/session-verdict.ts'
import {
  type LoadedUpdates,
  type PostgresIntrospectionRequest,
  readUpdates,
  type SchemaMirror,
  updateMirror,
} from './mirror/load-mirror.ts'
import { knownObjects } from './mirror/schema-facts.ts'
import { openVersion } from './open-version.ts'

export interface SchemaFollower {
  /** Which database was looked at last (`database-identity.ts`); null: none yet. */
  identity(): string | null
  /**
   * The version of what a load with these options would see.
   *
   * Shape   opaque; equal texts mean that a load would find the same
   * Units   `limitMs` for each statement
   * Errors  rejects with BackendFailure when the server cannot be asked
   */
  readVersion(
    session: CatalogSession,
    options: SchemaOptions,
    limitMs: number,
  ): Promise<SchemaVersion>
  /**
   * Loads the catalog. What did not change since the last load is the same object in it.
   *
   * Shape   where an answer had to be left open, `schemaVersion` equals no version that is ever read,
   *         so that the next check loads again
   * Errors  rejects with BackendFailure; 3F000 for a schema that does not exist
   */
  load(session: CatalogSession, request: PostgresIntrospectionRequest): Promise<Catalog>
  /** What has been found to outlive the schema since this was last asked. */
  takeOutlived(): OutlivedFindings
}

export interface OutlivedFindings {
  readonly outlived: Outlived
  /** Roles, or the settings that sessions begin with, are others. */
  readonly hasOtherSettings: boolean
}

/** What the last load made, and under which options. */
interface Loaded {
  readonly options: SchemaOptions
  readonly readRoleSettings: boolean
  readonly mirror: SchemaMirror
  readonly known: KnownObjects
}

export function createSchemaFollower(): SchemaFollower {
  let window: ChangeWindow | null = null
  let incarnation = ''
  let dirty = noDirtyObjects()
  let loaded: Loaded | null = null
  // how many times anything changed, and how many times it was something that loads had met
  let changesOfAll = 0
  let changesOfLoaded = 0
  let loads = 0
  let hasMetOtherSettings = false
  const sessions = new SessionVerdict()

  function versionFor(options: SchemaOptions): SchemaVersion {
    return loaded !== null && isDeepStrictEqual(loaded.options, options)
      ? `${incarnation}.${changesOfLoaded}`
      : `${incarnation}.${changesOfAll}.${shortDigest(JSON.stringify(options))}`
  }

  function move(own: ChangeWindow, changes: CatalogChanges, counted: KeySets): void {
    const look = own.compare(changes)
    const hasOtherSettings = own.hasOtherSettings(changes)
    const found = own.advance(look, counted)
    if (found.length === 0 && !hasOtherSettings) return
    changesOfAll += 1
    sessions.meet(found, (oid) => own.has('relation', oid))
    let isRelevant = hasOtherSettings
    dirty.settings ||= hasOtherSettings
    hasMetOtherSettings ||= hasOtherSettings
    if (loaded === null) {
      dirty.isWhole = true
      isRelevant = true
    } else {
      for (const change of found) {
        if (markDirty(dirty, change, loaded.known)) isRelevant = true
      }
    }
    if (isRelevant) changesOfLoaded += 1
  }

  /** Begins to follow a server, from the snapshot of the transaction that is open. */
  async function beginAnew({ batch }: CatalogSession): Promise<void> {
    const kinds = countedKinds.filter((kind) => kind !== readByLoads)
    const [rows = [], ...keys] = await batch([placeStatement, ...kinds.map(keysStatement)])
    const place = parsePlace(rows)
    window = new ChangeWindow(place, keySets(kinds, keys), await freshAt(place, batch))
    incarnation = shortDigest(place.incarnation)
    changesOfAll += 1
    changesOfLoaded += 1
    dirty.isWhole = true
    sessions.forgetFunctions()
    // before the first load nothing was served
    if (loads > 0) sessions.replaceSessions()
  }

  /** Looks at the catalogs in a transaction that it begins, and leaves it open. */
  async function look(session: CatalogSession, limitMs: number): Promise<void> {
    const own = window
    if (own === null) {
      await session.batch(beginCatalogs(limitMs))
      await beginAnew(session)
      return
    }
    const [, , rows = []] = await session.batch([
      ...beginCatalogs(limitMs),
      changesStatement(own.since),
    ])
    const changes = parseChanges(rows)
    if (own.isLostOn(changes)) {
      await beginAnew(session)
      return
    }
    const { miscounted } = own.compare(changes)
    const keys = miscounted.length === 0 ? [] : await session.batch(miscounted.map(keysStatement))
    move(own, changes, keySets(miscounted, keys))
  }

  /** The same in one round trip. Returns whether it was enough. */
  async function glance({ batch }: CatalogSession, limitMs: number): Promise<boolean> {
    const own = window
    if (own === null) return false
    const [, , rows = []] = await batch([
      ...beginCatalogs(limitMs),
      changesStatement(own.since),
      { text: 'commit' },
    ])
    const changes = parseChanges(rows)
    if (own.isLostOn(changes) || own.compare(changes).miscounted.length > 0) return false
    move(own, changes, new Map())
    return true
  }

  return {
    identity: () => window?.identity ?? null,
    async readVersion(session, options, limitMs) {
      if (!(await glance(session, limitMs))) await look(session, limitMs)
      return versionFor(options)
    },
    async load(session, request) {
      const { options, readRoleSettings, depth, signal } = request
      await look(session, request.statementTimeoutMs)
      await sessions.settle(session)
      // who asks for everything to be read again wants nothing from before
      if (depth === 'full' && loads > 0) sessions.replaceSessions()
      const base = loaded
      const isSame =
        base !== null &&
        depth !== 'full' &&
        !dirty.isWhole &&
        base.readRoleSettings === readRoleSettings &&
        isDeepStrictEqual(base.options, options)
      const own = isSame ? base.mirror : null
      if (own !== null && isClean(dirty) && own.facts.open.size === 0) {
        return { ...own.catalog, schemaVersion: versionFor(options) }
      }
      const updates = await readUpdates(session, own, dirty, request)
      signal.throwIfAborted()
      // where the window has just begun; the load has read all of them in the same snapshot
      if (own === null) window?.supply(readByLoads, () => constraintKeys(updates.updates))
      // from here on it is changed in place: if that does not end, the next load reads everything
      loaded = null
      const mirror = await updateMirror(updates, base?.mirror ?? null, request)
      loaded = {
        options,
        readRoleSettings,
        mirror,
        known: knownObjects(mirror.facts, mirror.derived),
      }
      dirty = noDirtyObjects()
      loads += 1
      const schemaVersion = versionFor(options)
      const isOpen = mirror.facts.open.size > 0
      return {
        ...mirror.catalog,
        schemaVersion: isOpen ? openVersion(`${schemaVersion}.${loads}`) : schemaVersion,
      }
    },
    takeOutlived() {
      const hasOtherSettings = hasMetOtherSettings
      hasMetOtherSettings = false
      const outlived = sessions.take()
      return { outlived: hasOtherSettings ? 'sessions' : outlived, hasOtherSettings }
    },
  }
}

/** Where no transaction was running no row can be: nothing is asked then. */
async function freshAt(
  { xmin, xmax }: LookPlace,
  batch: CatalogSession['batch'],
): Promise<CatalogChanges['fresh']> {
  if (xmin === xmax) return new Map()
  const [rows = []] = await batch([changesStatement(xmin)])
  return parseChanges(rows).fresh
}

/** The counted catalog of which a whole load reads each row anyway. */
const readByLoads: CountedKind = 'constraint'

/** Of a whole load, which reads them in the order of their oids. */
function constraintKeys({ keys }: LoadedUpdates['updates']): KeySet {
  const oids = new Float64Array(keys.size)
  const relations = new Float64Array(keys.size)
  let at = 0
  for (const [oid, key] of keys) {
    oids[at] = oid
    relations[at] = key?.origin.relation ?? 0
    at += 1
  }
  return new KeySet(oids, relations)
}

function keySets(
  kinds: readonly CountedKind[],
  results: readonly Parameters<typeof parseKeySet>[0][],
): KeySets {
  return new Map(kinds.map((kind, at) => [kind, parseKeySet(results[at] ?? [])]))
}

function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
