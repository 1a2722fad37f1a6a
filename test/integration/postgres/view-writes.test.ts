import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import type { Catalog } from '../../../src/schema/catalog.ts'
import {
  controlOf,
  followerOn,
  introspect,
  schemaOptions,
  type TestControl,
  type TestFollower,
} from '../../support/control-query.ts'
import {
  clusterVersions,
  createTestDatabase,
  type TestDatabase,
} from '../../support/shared-cluster.ts'

const schemaSql = `
create schema api;
create schema hidden;
set search_path = api;

create table t (id int primary key, name text, doc jsonb);
create table p (id int) partition by range (id);
create table none ();
create function fn() returns trigger language plpgsql as 'begin return null; end';

create view plain as select id, name from t;
create view all_of as select * from t where id > 0 with check option;
create view partitioned as select id from p;
create view no_columns as select from none;
create view computed as select upper(name) as shout from t;
create view partly as select id, upper(name) as shout from t;
create view whole_row as select t from t;
create view system_column as select ctid from t;
create view renamed as select name as label, id as key from t;
create view twice as select id, id as again from t;
create view cast_column as select id::bigint from t;
create view outer_reference as select id, (select t.name) as name from t;
create view joined as select a.id from t a join t b using (id);
create view crossed as select a.id from t a, p b;
create view distinct_rows as select distinct id from t;
create view grouped as select id from t group by id;
create view grouping as select id from t group by grouping sets ((id), ());
create view having_one as select 1 as one from t having count(*) > 1;
create view counted as select count(*) from t;
create view numbered as select id, row_number() over () from t;
create view united as select id from t union select id from p;
create view with_cte as with x as (select id from t) select id from x;
create view beside_cte as with x as (select 1) select id from t;
create view limited as select id from t limit 5;
create view skipping as select id from t offset 5;
create view set_returning as select generate_series(1, id) as g from t;
create view sampled as select id from t tablesample system (10);
create view constant as select 1 as one;
create view from_values as select * from (values (1)) v(x);
create view from_function as select * from generate_series(1, 2) g;
create view from_subquery as select * from (select id from t) s;
create view ordered as select id from t order by name for update;
create view only_table as select id from only t;
create view of_where as select id from t where exists (select from p) and name <> '}{)(\\ :targetList';
create view "quo""ted }" as select id as ":resno", name as "a b{c" from t;

create view nested as select id from plain;
create view nested_partly as select shout, id from partly;
create view nested_computed as select shout from partly;
create view over_limited as select id from limited;
create view over_counted as select count from counted;
create view hidden.below as select id, name from t;
create view over_hidden as select id from hidden.below;
create view hidden.lowest as select count(*) from t;
create view hidden.lower as select count from hidden.lowest;
create view over_hidden_count as select count from hidden.lower;
create materialized view stored as select id from t;
create view over_stored as select id from stored;

create view by_trigger as select count(*) from t;
create trigger a instead of insert on by_trigger for each row execute function fn();
create view by_triggers as select count(*) from t;
create trigger a instead of update or delete on by_triggers for each row execute function fn();
alter view by_triggers rename to by_two_triggers;
create view over_trigger as select count from by_trigger;
create view by_rule as select count(*) from t;
create rule a as on insert to by_rule do instead nothing;
create rule b as on delete to by_rule do also select 1;
create rule c as on update to by_rule where new.count > 1 do instead nothing;
create view over_rule as select count from by_rule;
create view mixed as select id, count(*) over () from t;
create rule a as on delete to mixed do instead delete from t;
create trigger a instead of update on mixed for each row execute function fn();

create view endless as select id from t;
create or replace view endless as select id from endless;
create view loop_a as select id from t;
create view loop_b as select id from loop_a;
create or replace view loop_a as select id from loop_b;

create extension file_fdw schema hidden;
create extension postgres_fdw schema hidden;
create server files foreign data wrapper file_fdw;
create server other foreign data wrapper postgres_fdw;
create foreign table lines (line text) server files options (filename '/dev/null');
create foreign table remote (id int) server other;
create foreign table remote_fixed (id int) server other options (updatable 'false');
create foreign table hidden.remote (id int) server other;
create view over_remote as select id from remote;
create view over_lines as select line from lines;
create view over_hidden_remote as select id from hidden.remote;
`

const options = { dbSchemas: ['api'] }

interface WriteRow {
  readonly name: string
  readonly events: number
}

describe.each(clusterVersions())('writes through views on PostgreSQL %s', (version) => {
  let db: TestDatabase
  let control: TestControl
  let follower: TestFollower
  let catalog: Catalog

  beforeAll(async () => {
    db = await createTestDatabase(schemaSql, version)
    control = controlOf(db.uri())
    follower = followerOn(control)
    catalog = await follower.load({ options })
  })

  afterAll(async () => {
    await control.close()
    await db.drop()
  })

  function writesIn({ relations }: Catalog): readonly WriteRow[] {
    return relations.map(({ name, canInsert, canUpdate, canDelete }) => ({
      name,
      events: (canInsert ? 8 : 0) + (canUpdate ? 4 : 0) + (canDelete ? 16 : 0),
    }))
  }

  test('are those that PostgreSQL tells of each view and foreign table', async () => {
    const told = await db.query(`
      select relname as name, case when relkind in ('r', 'p') then 28 when relkind = 'm' then 0
        else pg_relation_is_updatable(oid, true) end as events
      from pg_class where relnamespace = 'api'::regnamespace and relkind in ('r','v','m','f','p')
        and not relispartition
      order by relname collate "C"`)
    expect(told.length).toBeGreaterThan(60)
    expect(writesIn(catalog)).toEqual(told)
  })

  test('are partly possible where a rule or trigger says so', () => {
    const byName = new Map(writesIn(catalog).map(({ name, events }) => [name, events]))
    expect(byName.get('by_trigger')).toBe(8)
    expect(byName.get('by_two_triggers')).toBe(20)
    expect(byName.get('by_rule')).toBe(8)
    expect(byName.get('computed')).toBe(16)
    expect(byName.get('over_remote')).toBe(28)
    expect(byName.get('over_hidden_remote')).toBe(28)
    expect(byName.get('lines')).toBe(0)
  })

  describe('while another session holds tables exclusively', () => {
    let holder: pg.Client

    beforeAll(async () => {
      holder = new pg.Client(db.uri())
      await holder.connect()
      await holder.query('begin')
      await holder.query('alter table api.t add column late int default 7')
      await holder.query('alter table api.p add column late int')
      await holder.query('alter foreign table api.remote add column late int')
      await holder.query(
        'create or replace view api.plain as select id, name, 1 as late from api.t',
      )
      await holder.query('lock table hidden.below in access exclusive mode')
    })

    afterAll(async () => {
      await holder.query('rollback')
      await holder.end()
    })

    const previousOf = (known: Catalog) =>
      buildSnapshot(known, schemaOptions(options), 1, new Date(0))

    test('a load does not wait, and sees what is committed', async () => {
      // its locks stay until these tests are over: a load that waited would fail instead
      const now = await introspect(control, {
        options,
        previous: previousOf(catalog),
        timeoutMs: 5000,
      })
      expect({ ...now, schemaVersion: '', timings: {} }).toEqual({
        ...catalog,
        schemaVersion: '',
        timings: {},
      })
    })

    test('a check does not wait, and sees nothing new', async () => {
      const found = await follower.version(options)
      expect(found).toBe(catalog.schemaVersion)
    })

    test('a foreign table keeps what was known of it, and the next check asks again', async () => {
      const now = await follower.load({ options, previous: previousOf(catalog), depth: 'full' })
      const remote = now.relations.find(({ name }) => name === 'remote')
      expect(remote).toMatchObject({ canInsert: true, canUpdate: true, canDelete: true })
      const found = await follower.version(options)
      expect(now.schemaVersion).not.toBe(found)
    })

    test('a foreign table of which nothing is known counts as read-only for now', async () => {
      const now = await introspect(control, { options })
      const writes = new Map(writesIn(now).map(({ name, events }) => [name, events]))
      expect(writes.get('remote')).toBe(0)
      expect(writes.get('over_remote')).toBe(0)
      expect(writes.get('over_hidden_remote')).toBe(28)
    })
  })
})
