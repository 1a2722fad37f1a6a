-- The sample database: films, who made them, who played in them, and what they were nominated for.
-- Plain SQLite; `npm start` creates .data/films.db from this file and data.sql.

-- the shell waits for no lock: readers, the server among them, must not keep it from writing
pragma journal_mode = wal;

create table directors (
  id integer primary key,
  name text not null unique,
  born date,
  country text
);

create table films (
  id integer primary key,
  title text not null,
  year integer not null check (year > 1880),
  rating real check (rating between 0 and 10),
  runtime integer,
  is_color boolean not null default true,
  tags json not null default '[]' check (json_valid(tags)),
  director_id integer not null references directors (id)
);

-- one-to-one: a film has at most one budget
create table budgets (
  film_id integer primary key references films (id) on delete cascade,
  amount bigint not null,
  currency text not null default 'USD'
);

create table actors (
  id integer primary key,
  name text not null unique,
  born date
);

-- many-to-many: films and actors
create table roles (
  film_id integer not null references films (id) on delete cascade,
  actor_id integer not null references actors (id) on delete cascade,
  "character" text,
  primary key (film_id, actor_id)
) without rowid;

create table competitions (
  id integer primary key,
  name text not null unique,
  founded integer
);

-- many-to-many with data of its own: films and competitions
create table nominations (
  film_id integer not null references films (id) on delete cascade,
  competition_id integer not null references competitions (id) on delete cascade,
  year integer not null,
  category text not null,
  won boolean not null default false,
  primary key (film_id, competition_id, year, category)
) without rowid;

create index films_director on films (director_id);
create index films_year on films (year);
create index roles_actor on roles (actor_id);
create index nominations_competition on nominations (competition_id);

-- relationships lead through views: recent_films embeds directors, actors and nominations
create view recent_films as
  select id, title, year, rating, director_id
  from films
  where year >= 2015;

create view director_stats as
  select d.id, d.name, count(f.id) as films, cast(round(avg(f.rating), 2) as real) as average_rating
  from directors d
  left join films f on f.director_id = d.id
  group by d.id;

-- full-text search: /films?title=fts.night
create virtual table films_search using fts5(title, content='films', content_rowid='id');

create trigger films_search_insert after insert on films begin
  insert into films_search (rowid, title) values (new.id, new.title);
end;
create trigger films_search_delete after delete on films begin
  insert into films_search (films_search, rowid, title) values ('delete', old.id, old.title);
end;
create trigger films_search_update after update of title on films begin
  insert into films_search (films_search, rowid, title) values ('delete', old.id, old.title);
  insert into films_search (rowid, title) values (new.id, new.title);
end;
