-- Sample data for the compose stack: an exposed schema, a login role that switches to the
-- anonymous one, and a trigger that announces every schema change at its commit.
create role web_anon nologin;
create role authenticator noinherit login password 'authenticator';
grant web_anon to authenticator;

create schema api;
grant usage on schema api to web_anon;

create table api.directors (
  id integer generated always as identity primary key,
  name text not null unique
);
comment on table api.directors is 'People who direct films';

create table api.films (
  id integer generated always as identity primary key,
  title text not null,
  year integer not null check (year > 1880),
  rating numeric(3, 1),
  director_id integer not null references api.directors
);
create index on api.films (director_id);
create index on api.films (year);

insert into api.directors (name) values
  ('Greta Gerwig'), ('Bong Joon-ho'), ('Céline Sciamma'), ('Denis Villeneuve');
insert into api.films (title, year, rating, director_id) values
  ('Lady Bird', 2017, 7.4, 1),
  ('Little Women', 2019, 7.8, 1),
  ('Parasite', 2019, 8.5, 2),
  ('Portrait of a Lady on Fire', 2019, 8.1, 3),
  ('Arrival', 2016, 7.9, 4),
  ('Dune', 2021, 8.0, 4);

grant select on all tables in schema api to web_anon;
alter default privileges in schema api grant select on tables to web_anon;

-- A migration needs no NOTIFY of its own: DDL commands send one, delivered at their commit. Temporary
-- objects are nobody's schema: a session that makes one for each request announces nothing.
create function public.announce_ddl() returns event_trigger language plpgsql as $$
begin
  if tg_event = 'sql_drop' then
    -- what the command names: of what goes with it, the rule of a view is never told as temporary
    perform from pg_catalog.pg_event_trigger_dropped_objects()
      where original and not is_temporary;
  else
    perform from pg_catalog.pg_event_trigger_ddl_commands()
      where schema_name is null or schema_name not like 'pg\_temp%';
  end if;
  if found then
    notify pgrst, 'reload schema';
  end if;
end
$$;
create event trigger announce_ddl_end on ddl_command_end execute function public.announce_ddl();
create event trigger announce_ddl_drop on sql_drop execute function public.announce_ddl();
