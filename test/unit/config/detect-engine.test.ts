import { expect, test } from 'vitest'
import { detectEngine, mongodbDatabase } from '../../../src/config/detect-engine.ts'

test.each([
  ['postgresql://', 'postgres'],
  ['postgres://u:p@h/films.db', 'postgres'],
  ['postgresql://?dbname=a&host=/dir', 'postgres'],
  ['host=localhost dbname=films.db', 'postgres'],
  ['dbname = films', 'postgres'],
  ['tmp_db', 'postgres'],
  ['', 'postgres'],
  ['mongodb://h:27017/films', 'mongodb'],
  ['mongodb+srv://h/films', 'mongodb'],
  ['file:films.db?mode=ro', 'sqlite'],
  ['file:///var/lib/films', 'sqlite'],
  [':memory:', 'sqlite'],
  ['films.db', 'sqlite'],
  ['./data/FILMS.SQLITE', 'sqlite'],
  ['/var/lib/films.sqlite3', 'sqlite'],
  ['/var/lib/films', 'sqlite'],
  ['/var/lib/other', 'postgres'],
  ['sqlite:films', 'sqlite'],
  ['sqlite:///films', 'sqlite'],
  ['sqlite3:films', 'sqlite'],
  ['SQLite3:/var/lib/films', 'sqlite'],
  // a path that only looks like a scheme, or like user and password
  ['./x://y.db', 'sqlite'],
  ['./u:p@h.db', 'sqlite'],
])('tells the engine of %j: %s', (dbUri, engine) => {
  const told = detectEngine(dbUri, (path) => path === '/var/lib/films')
  expect(told).toMatchObject({ ok: true, value: { engine } })
})

test.each(['tmp_db', '/var/lib/other', '', 'a = b'])('%j says nothing for certain', (dbUri) => {
  expect(detectEngine(dbUri)).toMatchObject({ ok: true, value: { isCertain: false } })
})

test.each([
  ['mysql://u:topsecret@h/x', 'mysql: is no scheme that is served'],
  ['MySQL://u:topsecret@h/x.db', 'MySQL: is no scheme that is served'],
  ['http://topsecret', 'http: is no scheme that is served'],
  ['jdbc:postgresql://h/x?password=topsecret', 'jdbc: is no scheme that is served'],
  ['postgresql+psycopg2://u:topsecret@h', 'postgresql+psycopg2: is no scheme that is served'],
  ['topsecret://h', 'its scheme is none that is served'],
  ['top secret:word://h', 'its scheme is none that is served'],
  ['u:topsecret@h/db', 'it has no scheme before user and password'],
  ['topsecret:@h/films.sqlite', 'it has no scheme before user and password'],
])('%s is refused without being quoted', (dbUri, reason) => {
  expect(detectEngine(dbUri)).toEqual({ ok: false, error: reason })
})

test.each([
  ['mongodb://h/shop', 'shop'],
  ['mongodb://u:p%2F@a:1,b:2/shop?replicaSet=rs', 'shop'],
  ['MongoDB+srv://h/my%20shop', 'my shop'],
  ['mongodb://h', 'test'],
  ['mongodb://h/', 'test'],
  ['mongodb://h/?w=1', 'test'],
  ['mongodb://h?w=1/2', 'test'],
  ['mongodb://h/a%zz', 'a%zz'],
])('%s leads to the database %s', (dbUri, database) => {
  expect(mongodbDatabase(dbUri)).toBe(database)
})
