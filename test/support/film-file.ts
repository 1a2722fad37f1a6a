/**
 * The film archive of `film-archive.ts` as a SQLite file: the same tables and rows, arrays as JSON.
 */
import Database from 'better-sqlite3'
import type { FunctionSource } from './function-source.ts'
import { createSqliteFile, type SqliteFile } from './sqlite-database.ts'

const schemaSql = `
  create table directors (id integer primary key, name text not null);
  create table films (
    id integer primary key,
    title text not null,
    year int check (year > 1887),
    rating numeric,
    genres json not null default '["drama"]',
    info json,
    screened text,
    director_id int references directors,
    unique (title, year)
  );`

/** The functions of the archive that are SQL here, too, in the form of `function-registry`. */
export const filmFunctions: readonly FunctionSource[] = [
  {
    name: 'films_since',
    volatility: 'stable',
    params: [{ name: 'first', type: 'int' }],
    returns: { kind: 'setof', type: 'films' },
    sql: 'select * from films where year >= :first',
  },
  {
    name: 'add',
    volatility: 'immutable',
    params: [
      { name: 'a', type: 'int' },
      { name: 'b', type: 'int' },
    ],
    returns: { type: 'int' },
    sql: 'select :a + :b',
  },
  {
    name: 'longest',
    volatility: 'immutable',
    params: [{ name: 'words', type: 'text[]' }],
    returns: { type: 'text' },
    sql: 'select value from json_each(:words) order by length(value) desc limit 1',
  },
  {
    name: 'describe',
    volatility: 'immutable',
    params: [{ name: 'film', type: 'jsonb' }],
    returns: { type: 'text' },
    sql: "select (:film ->> 'title') || ' of ' || (:film ->> 'year')",
  },
  {
    name: 'rename_film',
    params: [
      { name: 'film', type: 'int' },
      { name: 'new_title', type: 'text' },
    ],
    returns: { kind: 'object', type: 'films' },
    sql: 'update films set title = :new_title where id = :film returning *',
  },
  { name: 'forget_all', returns: { kind: 'void' }, sql: 'delete from films' },
  {
    name: 'refuse',
    returns: { type: 'int' },
    sql: "select raise_error('PT402', 'Payment required', 'Quota exceeded', 'Upgrade your plan')",
  },
]

const seedSql = `
  delete from films; delete from directors;
  insert into directors values (1, 'Denis Villeneuve'), (2, 'Agnès Varda'), (3, 'Nobody');
  insert into films (id, title, year, rating, genres, info, screened, director_id) values
    (1, 'Arrival', 2016, 7.9, '["drama","sci-fi"]', '{"lang":"en","crew":{"dp":"Young"}}', '[2016-09-01,2016-12-31)', 1),
    (2, 'Dune', 2021, 8.0, '["sci-fi"]', '{"lang":"en"}', '[2021-09-03,2021-11-01)', 1),
    (3, 'Cléo de 5 à 7', 1962, 7.8, '["drama"]', '{"lang":"fr"}', '[1962-04-11,1962-06-01)', 2),
    (4, 'Vagabond', 1985, null, '["drama"]', null, null, 2),
    (5, 'He said "no, (really)"', 1999, 5, '["comedy"]', '{"lang":"en"}', null, null);`

export interface FilmFile {
  readonly file: SqliteFile
  seed(): void
  /** Rows as SQLite has them, with JSON arrays taken apart. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

export function createFilmFile(): FilmFile {
  const file = createSqliteFile(schemaSql, 'films.db')
  return {
    file,
    seed: () => file.exec(seedSql),
    query(sql) {
      const database = new Database(file.path, { readonly: true })
      try {
        return Promise.resolve(database.prepare<[], Row>(sql).all().map(withArrays))
      } finally {
        database.close()
      }
    },
  }
}

type Row = Readonly<Record<string, unknown>>

function withArrays(row: Row): Row {
  const values = Object.entries(row).map(([name, value]) => {
    const isArray = typeof value === 'string' && value.startsWith('["')
    return [name, isArray ? (JSON.parse(value) as unknown) : value] as const
  })
  return Object.fromEntries(values)
}
