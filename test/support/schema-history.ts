/**
 * A schema that never rests, and everything about it that an answer can contradict: migrations, the
 * states that they lead to, and when each may have been in force.
 *
 * Nobody can tell the moment of a commit from outside. It lies between the COMMIT's sending and its
 * answer, so for as long a state and the next one may both be in force.
 */
import pg from 'pg'
import type { Random } from '../fuzz/random.ts'

/** What a state of the schema is, as far as answers show it. */
export interface SchemaState {
  /** Films lead to directors by a foreign key. */
  readonly isLinked: boolean
  /** A film has one box at most, by a unique constraint. */
  readonly hasOneBox: boolean
  readonly resultShape: ResultShape
  /** The tables `left_side` and `right_side` have changed names. */
  readonly isSwapped: boolean
  readonly hasExtra: boolean
  /** The column `label` was renamed, and another of that name created, so many times. */
  readonly generation: number
}

export type ResultShape = 'number' | 'numbers' | 'text'

const resultTypes: Readonly<Record<ResultShape, string>> = {
  number: 'int',
  numbers: 'setof int',
  text: 'text',
}

const firstState: SchemaState = {
  isLinked: true,
  hasOneBox: false,
  resultShape: 'number',
  isSwapped: false,
  hasExtra: false,
  generation: 0,
}

/** As many rows as clients: writes above read committed would only stand in each other's way. */
export const historyRows = 16

function functionsOf(shape: ResultShape): string {
  const type = resultTypes[shape]
  return `
    create function answer() returns ${type} language sql stable as $$ select 7::${shape === 'text' ? 'text' : 'int'} $$;
    create function noted() returns ${type} language sql volatile as $$
      insert into notes default values; select 7::${shape === 'text' ? 'text' : 'int'} $$;`
}

/** The real director's column has changed names with the other one in each generation. */
function keyOf({ generation }: Pick<SchemaState, 'generation'>): string {
  const column = generation % 2 === 0 ? 'director' : 'other'
  return `add constraint films_director foreign key (${column}) references directors (id)`
}

/**
 * The real director is behind the key, whatever its column is called; the other column holds a decoy:
 * who joins by a name of yesterday shows that one.
 */
export const historyFixture = `
  create table directors (id int primary key, name text);
  insert into directors values (1, 'real'), (2, 'decoy');
  create table films (id int primary key, label text not null default 'gen-0',
    director int not null default 1, other int not null default 2, seen int);
  alter table films ${keyOf(firstState)};
  insert into films (id) select generate_series(1, ${historyRows});
  create table boxes (id int primary key, film int references films (id));
  insert into boxes select id, id from films;
  create table left_side (id int primary key, tag text, film int references films (id));
  create table right_side (id int primary key, tag text, film int);
  insert into left_side values (1, 'L', 1);
  insert into right_side values (1, 'R', 1);
  create table notes (id int generated always as identity);
  create table visits (id int generated always as identity, token text, film int references films (id));
  ${functionsOf('number')}`

interface Migration {
  readonly next: SchemaState
  readonly sql: string
}

/** How a migration of this kind, of six, leads on from a state. */
function migrationFrom(state: SchemaState, kind: number): Migration {
  switch (kind) {
    case 0: {
      const next = { ...state, isLinked: !state.isLinked }
      const change = next.isLinked ? keyOf(state) : 'drop constraint films_director'
      return { next, sql: `alter table films ${change}` }
    }
    case 1: {
      const next = { ...state, hasOneBox: !state.hasOneBox }
      const change = next.hasOneBox
        ? 'add constraint one_box unique (film)'
        : 'drop constraint one_box'
      return { next, sql: `alter table boxes ${change}` }
    }
    case 2: {
      const shapes: readonly ResultShape[] = ['number', 'numbers', 'text']
      const resultShape = shapes[(shapes.indexOf(state.resultShape) + 1) % 3] ?? 'number'
      return {
        next: { ...state, resultShape },
        sql: `drop function answer(); drop function noted(); ${functionsOf(resultShape)}`,
      }
    }
    case 3:
      return {
        next: { ...state, isSwapped: !state.isSwapped },
        sql: `alter table left_side rename to aside; alter table right_side rename to left_side;
          alter table aside rename to right_side`,
      }
    case 4: {
      const hasExtra = !state.hasExtra
      const sql = hasExtra ? 'create table extra (id int)' : 'drop table extra'
      return { next: { ...state, hasExtra }, sql }
    }
    default: {
      const generation = state.generation + 1
      return {
        next: { ...state, generation },
        // the key stays where it is and goes by another name, the decoy takes its name over
        sql: `alter table films rename column label to gone;
          alter table films add column label text not null default 'gen-${generation}';
          alter table films drop column gone;
          alter table films rename column director to aside;
          alter table films rename column other to director;
          alter table films rename column aside to other`,
      }
    }
  }
}

interface Era {
  readonly state: SchemaState
  /** Milliseconds: the earliest at which it may have been in force, and the latest. */
  readonly from: number
  until: number
}

export interface SchemaHistory {
  /** Migrates at every interval until the signal is aborted. Rejects when a migration has to wait. */
  migrate(intervalMs: number, signal: AbortSignal): Promise<void>
  /** The states that may have been in force at some moment between the two. */
  statesBetween(begun: number, ended: number): readonly SchemaState[]
  readonly migrations: number
  /** Milliseconds of each migration. */
  readonly durations: readonly number[]
}

/**
 * @param random which migration comes next
 *
 * Units   moments are `performance.now()` of this process
 */
export function createSchemaHistory(uri: string, random: Pick<Random, 'int'>): SchemaHistory {
  const eras: Era[] = [
    { state: firstState, from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY },
  ]
  const durations: number[] = []

  async function migrateOnce(client: pg.Client): Promise<void> {
    const era = eras.at(-1)
    if (era === undefined) throw new Error('a history has a beginning')
    const { next, sql } = migrationFrom(era.state, random.int(0, 5))
    const begun = performance.now()
    try {
      await client.query(`begin; ${sql}`)
    } catch (failure) {
      await client.query('rollback')
      // a request and a migration that lock two tables in opposite orders: the next one gets through
      if (failure instanceof pg.DatabaseError && failure.code === '40P01') return
      throw failure
    }
    const from = performance.now()
    await client.query('commit')
    era.until = performance.now()
    eras.push({ state: next, from, until: Number.POSITIVE_INFINITY })
    durations.push(era.until - begun)
  }

  return {
    async migrate(intervalMs, signal) {
      const client = new pg.Client(uri)
      await client.connect()
      // what requests lock they lock for moments: a migration that waits longer waits for more
      await client.query(`set lock_timeout = '20s'`)
      try {
        while (!signal.aborted) {
          const due = performance.now() + intervalMs
          await migrateOnce(client)
          const pauseMs = Math.max(due - performance.now(), 0)
          await new Promise((resolve) => setTimeout(resolve, pauseMs))
        }
      } finally {
        await client.end()
      }
    },
    statesBetween(begun, ended) {
      const states: SchemaState[] = []
      for (let at = eras.length - 1; at >= 0; at -= 1) {
        const era = eras[at]
        if (era === undefined || era.until < begun) break
        if (era.from <= ended) states.push(era.state)
      }
      return states
    },
    get migrations() {
      return eras.length - 1
    },
    durations,
  }
}
