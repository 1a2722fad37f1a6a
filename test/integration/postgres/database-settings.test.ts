import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  roleSettings,
  roleSettingsStatement,
} from '../../../src/backends/postgres/catalog/catalog-role-settings.ts'
import {
  postgresFacts,
  type RoleSettings,
} from '../../../src/backends/postgres/catalog/postgres-facts.ts'
import { readDatabaseSettings } from '../../../src/backends/postgres/catalog/read-database-settings.ts'
import { BackendFailure } from '../../../src/errors/backend-failure.ts'
import { controlOf, introspect, type TestControl } from '../../support/control-query.ts'
import { type Cluster, startCluster } from '../../support/postgres.ts'
import {
  clusterVersions,
  createTestDatabase,
  type TestDatabase,
} from '../../support/shared-cluster.ts'

describe.each(clusterVersions())('settings in PostgreSQL %s', (version) => {
  let cluster: Cluster
  let db: TestDatabase
  let login: string
  let control: TestControl

  beforeAll(async () => {
    // grants on parameters move the schema version of each database of a cluster
    cluster = await startCluster({ version })
    db = await createTestDatabase('', version, cluster)
    // mixed case, as PostgREST's own suite has it: the name must be looked up unfolded
    login = `Login_${db.name}`
    await db.query(`
      create role "${login}" login noinherit;
      create schema config;
      create function config.pre() returns void language plpgsql as $$ begin
        perform set_config('pgrst.jwt_aud', 'from function', true);
        perform set_config('pgrst.db_schemas', 'from_function', true);
        perform set_config('pgrst.db_max_rows', '7', false);
        perform set_config('pgrst.db_pool', '3', true);
        perform set_config('pgrst.unknown_thing', 'x', true);
      end $$;
      grant usage on schema config to "${login}";
      create function "select"() returns void language sql as
        $$ select set_config('pgrst.db_root_spec', 'root', true) $$;
      create function failing() returns void language plpgsql as
        $$ begin raise exception 'no settings today'; end $$;`)
    control = controlOf(db.uri(login))
  })

  afterAll(async () => {
    await control.close()
    await cluster.destroy()
  })

  describe('of the database', () => {
    const read = (preConfig: string | null = null) =>
      control.run((_query, batch) => readDatabaseSettings(batch, preConfig))

    afterAll(async () => {
      await db.query(`
        alter role "${login}" reset all;
        alter role "${login}" in database ${db.name} reset all;
        alter database ${db.name} reset all`)
    })

    test('are none at first', async () => {
      expect(await read()).toEqual(new Map())
    })

    test('are those of the role, by name without prefix', async () => {
      await db.query(`
        alter role "${login}" set pgrst.db_schemas = 'a, "b"';
        alter role "${login}" set pgrst.db_extra_search_path = '';
        alter role "${login}" set pgrst.jwt_secret = 'a=b=c';
        alter role "${login}" set pgrst.openapi_mode = 'disabled'`)
      expect(await read()).toEqual(
        new Map([
          ['db_extra_search_path', ''],
          ['db_schemas', 'a, "b"'],
          ['jwt_secret', 'a=b=c'],
          ['openapi_mode', 'disabled'],
        ]),
      )
    })

    test('leave out what is named otherwise; what is no option is left to whoever tells of slips', async () => {
      await db.query(`
        alter role "${login}" set pgrst.db_pool = '1';
        alter role "${login}" set pgrst.no_such = 'x';
        alter role "${login}" set other.db_max_rows = '5';
        alter role "${login}" set statement_timeout = '10s'`)
      expect([...(await read()).keys()]).toEqual([
        'db_extra_search_path',
        'db_pool',
        'db_schemas',
        'jwt_secret',
        'no_such',
        'openapi_mode',
      ])
    })

    test('of the role in this database win over those of the role', async () => {
      await db.query(
        `alter role "${login}" in database ${db.name} set pgrst.openapi_mode = 'ignore-privileges'`,
      )
      expect((await read()).get('openapi_mode')).toBe('ignore-privileges')
    })

    test('of the role in another database do not count, nor those of the database', async () => {
      await db.query(`
        alter role "${login}" in database postgres set pgrst.db_tx_end = 'rollback';
        alter database ${db.name} set pgrst.db_anon_role = 'nobody'`)
      const settings = await read()
      expect(settings.get('db_tx_end')).toBeUndefined()
      expect(settings.get('db_anon_role')).toBeUndefined()
      await db.query(`alter role "${login}" in database postgres reset all`)
    })

    test('come from the pre-config function where the role has none', async () => {
      const settings = await read('config.pre')
      expect(settings.get('jwt_aud')).toBe('from function')
      expect(settings.get('db_max_rows')).toBe('7')
      expect(settings.get('db_schemas')).toBe('a, "b"')
      // of a function only what counts can be asked for
      expect(settings.get('db_pool')).toBe('1')
      expect(settings.has('unknown_thing')).toBe(false)
    })

    test('that a pre-config function makes do not outlive the reading', async () => {
      await read('config.pre')
      const settings = await read('select')
      expect(settings.get('db_root_spec')).toBe('root')
      expect(settings.get('db_max_rows')).not.toBe('7')
      expect(settings.get('jwt_aud')).not.toBe('from function')
    })

    test('that were withdrawn are forgotten, though the session began with them', async () => {
      await db.query(`alter role "${login}" set pgrst.server_trace_header = 'X-Trace'`)
      const session = controlOf(db.uri(login))
      const readHere = () =>
        session.run((_query, batch) => readDatabaseSettings(batch, 'config.pre'))
      expect((await readHere()).get('server_trace_header')).toBe('X-Trace')
      await db.query(`alter role "${login}" reset pgrst.server_trace_header`)
      expect((await readHere()).has('server_trace_header')).toBe(false)
      await session.close()
    })

    test.each([
      ['no_such', '42883', 'function no_such() does not exist'],
      ['Upper.Case', '3F000', 'schema "Upper" does not exist'],
      ['order', '42883', 'function order() does not exist'],
      ['failing', 'P0001', 'no settings today'],
    ])('fail with what PostgreSQL says of the pre-config function %s', async (name, code, text) => {
      const failure = await read(name).catch((cause: unknown) => cause)
      if (!(failure instanceof BackendFailure)) throw failure
      expect(failure.error).toMatchObject({
        kind: 'database',
        failure: { sqlState: code, message: text },
      })
      // the connection is fit for more
      expect((await read()).size).toBeGreaterThan(0)
    })
  })

  describe('of roles', () => {
    const member = (name: string) => `${name}_${db.name}`

    const read = () =>
      control
        .run((query) => query(roleSettingsStatement(Number(version) * 10_000).text))
        .then((rows) => byShortName(roleSettings(rows)))

    function byShortName(settings: ReadonlyMap<string, RoleSettings>) {
      return Object.fromEntries(
        [...settings].map(([role, value]) => [role.replace(`_${db.name}`, ''), value]),
      )
    }

    beforeAll(async () => {
      const names = ['timed', 'isolated', 'super', 'bare', 'stranger'].map(member)
      await db.query(`
        ${names.map((name) => `create role ${name};`).join('')}
        grant ${names.slice(0, 4).join()} to "${login}";
        alter role ${member('timed')} set statement_timeout = '5s';
        alter role ${member('timed')} set work_mem = '3MB';
        alter role ${member('isolated')} set default_transaction_isolation = 'REPEATABLE READ';
        alter role ${member('isolated')} set search_path = 'a', 'b c';
        alter role ${member('super')} set log_min_messages = 'fatal';
        alter role ${member('super')} set log_min_duration_sample = 12345;
        alter role ${member('stranger')} set statement_timeout = '1s';
        alter role ${member('bare')} in database ${db.name} set work_mem = '1MB';
        alter role ${member('bare')} set custom.setting = 'x'`)
      if (Number(version) >= 15) {
        await db.query(`grant set on parameter log_min_duration_sample to "${login}"`)
      }
    })

    afterAll(async () => {
      if (Number(version) >= 15) {
        await db.query(`revoke set on parameter log_min_duration_sample from "${login}"`)
      }
      for (const name of ['timed', 'isolated', 'super', 'bare', 'stranger']) {
        await db.query(`drop role ${member(name)}`)
      }
    })

    test('are those of the roles that the connected one is a member of', async () => {
      const { timed, stranger } = await read()
      expect(timed).toEqual({
        isolationLevel: null,
        settings: [
          ['statement_timeout', '5s'],
          ['work_mem', '3MB'],
        ],
      })
      expect(stranger).toBeUndefined()
    })

    test('have the isolation level apart', async () => {
      expect((await read())['isolated']).toEqual({
        isolationLevel: 'repeatable-read',
        settings: [['search_path', 'a, "b c"']],
      })
    })

    test('leave out what the connected role may not set', async () => {
      const granted = [['log_min_duration_sample', '12345']]
      expect((await read())['super']?.settings ?? []).toEqual(Number(version) >= 15 ? granted : [])
      expect((await read())['bare']).toBeUndefined()
    })

    test('are part of a load, unless they are not wanted', async () => {
      const options = { dbSchemas: ['config'] }
      const loaded = await introspect(control, { options })
      expect(byShortName(postgresFacts(loaded.engineFacts).roles)).toEqual(await read())
      const without = await introspect(control, { options, readRoleSettings: false })
      expect(postgresFacts(without.engineFacts).roles).toEqual(new Map())
    })
  })
})
