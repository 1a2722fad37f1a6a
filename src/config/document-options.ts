/**
 * The page docs/configuration.md, from the option table: one section an option, with type, defaults
 * by engine, names in every source, and when a change takes effect.
 */
import { defaultConfig } from './default-config.ts'
import type { ConfiguredEngine } from './detect-engine.ts'
import { printOption } from './dump-config.ts'
import type { OptionKey, ReloadClass } from './option.ts'
import { databaseNameOf, environmentNamesOf, optionKeys, options } from './options.ts'

const introduction = `<!-- Made by scripts/generate-docs.js from src/config; edit the option table there. -->

# Configuration

Options come from these places. The strongest that names an option decides:

1. **command line**: \`--port\`, \`--host\`, \`--admin-port\`, \`--schema\`, \`--anon-role\` and \`--read-only\` (\`dbrest --help\`),
2. **in-database settings** (PostgreSQL, while \`db-config\` is on): settings of the connecting role, and
   those that the \`db-pre-config\` function sets,
3. **environment**: \`DBREST_…\`, then \`PGRST_…\`,
4. **configuration file**, given as \`dbrest FILE\` or \`dbrest --config FILE\`,
5. **\`PORT\` and \`HOST\`** of the environment, as platforms set them, for \`server-port\` and \`server-host\`; a \`HOST\` that
   is no address and not \`localhost\` is the machine's name, as some shells set it, and does not count, and none
   moves the admin server of a database that is named on the command line,
6. **default**: that of \`dbrest --defaults FILE\` where it names the option, as the container image has
   it, else the one below.

An empty text counts as not given (an empty variable for \`admin-server-token\`, \`db-tables\` or
\`db-exclude-tables\` is warned of), and so does a number in place of a boolean or a boolean in place of a
number, with a warning. Names that are not listed here are ignored, with a warning where one resembles an
option; those that a \`db-pre-config\` function sets are not seen. Every other value that an option does not take is a problem: all of them are reported at once,
each with its option, value, place and what is allowed, and the server does not start with one; on a
reload the old configuration stays. An option that asks for what the engine does not have is a problem as
well, such as \`db-pre-config\` on SQLite: see [compatibility](compatibility.md).

\`dbrest --dump-config\` prints what is in effect, secrets included; with \`--redact\` it is fit to be shown
to others: \`jwt-secret\`, \`admin-server-token\`, \`db-uri\`, \`db-channel-uri\` and all of \`app.settings\` are replaced.
\`dbrest --example\` prints a file to start from. \`dbrest --check\` loads configuration and schema once,
prints the relations and functions that would be served, whether the database's notifications come through, with
warnings, and ends with 0; it ends with 1 where the configuration is wrong, the schema cannot be loaded,
\`db-channel-uri\` does not lead to the database, or something that the configuration asks for (a function or
relationship of a registry, a policy, a name in \`db-exclude-tables\`) does not fit the schema: for CI, before a
deployment. Nothing else that dbrest prints or answers has a part of
\`jwt-secret\`, or of \`db-uri\` and \`db-channel-uri\` beyond user, host and database: messages name the option and what is wrong.

A database may also be named directly: \`dbrest films.db\`, \`dbrest postgresql://…\`, \`dbrest
mongodb://…\`. It is then served to this machine alone, at \`127.0.0.1\`, unless \`--host\`, a file or
the environment gives a \`server-host\`, as the container image does. On a SQLite file aggregates are then
allowed.

## File

\`\`\`ini
# comments reach to the end of the line
db-uri = "postgresql://authenticator@localhost/films"
db-schemas = "api, shared"
db-anon-role = "anonymous"
jwt-role-claim-key = "$$.user.role"
server-port = 3000
log-query = true
app.settings.greeting = "hello $(USER)"
\`\`\`

Texts stand in double quotes; \`\\"\`, \`\\\\\`, \`\\n\`, \`\\r\`, \`\\t\` and \`\\u263a\` are escapes. \`$(NAME)\` is an
earlier value of the file or an environment variable, \`$$\` one \`$\`. Booleans are \`true\`, \`false\`, \`on\`,
\`off\`. Lists are texts with commas. \`@path\` in \`db-uri\`, \`db-channel-uri\`, \`jwt-secret\`, \`admin-server-token\`,
\`function-registry\`, \`policy-registry\`, \`declared-schema\` and \`declared-relationships\` reads that
file.

## Reload

The configuration is read again on SIGUSR2, on \`NOTIFY pgrst, 'reload config'\` and on
\`POST /reload?scope=config\` of the admin server. Options marked **live** take effect at once, **schema** with
the next schema load, **restart** with the next start.

## Options
`

const settingsSection = `
### \`app.settings.*\`

| | |
| --- | --- |
| Type | text |
| Environment | \`DBREST_APP_SETTINGS_*\`, \`PGRST_APP_SETTINGS_*\` |
| Reload | live |

Any number of settings of your own. Each is set in every transaction on PostgreSQL, where
\`current_setting('app.settings.name', true)\` reads it. The environment keeps the case of the name.
`

const reloadWords: Readonly<Record<ReloadClass, string>> = {
  live: 'live',
  schema: 'schema',
  boot: 'restart',
}

/** The engines that are part of this version. */
const engineNames: readonly (readonly [ConfiguredEngine, string])[] = [
  ['postgres', 'PostgreSQL'],
  ['sqlite', 'SQLite'],
  ['mongodb', 'MongoDB'],
]

export function documentOptions(): string {
  const shown = optionKeys.filter((key) => !options[key].isHidden)
  return `${introduction}${settingsSection}${shown.map(section).join('')}`
}

function section(key: OptionKey): string {
  const option = options[key]
  const aliases = option.aliases.map((alias) => `\`${alias}\``).join(', ')
  const variables = environmentNamesOf(option.name).map((variable) => `\`${variable}\``)
  const rows = [
    ['Type', option.kind.type.replaceAll('|', '\\|')],
    ['Default', option.defaultNote ?? defaultWords(key)],
    ['Alias', aliases],
    ['Environment', variables.join(', ')],
    ['In the database', option.inDatabase ? `\`pgrst.${databaseNameOf(option.name)}\`` : ''],
    ['Reload', reloadWords[option.reload]],
  ]
  const table = rows
    .filter(([, value]) => value !== '')
    .map(([label, value]) => `| ${label} | ${value} |`)
  return `\n### \`${option.name}\`\n\n| | |\n| --- | --- |\n${table.join('\n')}\n\n${option.doc}\n`
}

/** One value, or one an engine where they differ. */
function defaultWords(key: OptionKey): string {
  const values = engineNames.map(([engine, name]) => {
    const printed = printOption(defaultConfig(engine), key)
    return { name, value: printed === '""' ? 'none' : `\`${printed}\`` }
  })
  const [first] = values
  if (first === undefined || values.every(({ value }) => value === first.value)) {
    return first?.value ?? ''
  }
  return values.map(({ name, value }) => `${name} ${value}`).join(', ')
}
