/**
 * A string as a configuration file spells it, such that `parse-config-file.ts` reads the same string
 * again. A `$` alone stands for itself there, so it is doubled only where it would begin something,
 * unless `everyDollar` asks for the spelling that PostgREST reads as well.
 */
export function configString(text: string, everyDollar = false): string {
  const inner = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replace(/(\$+)(\(?)/g, (run, dollars: string, bracket: string) =>
      run === '$' && !everyDollar ? run : dollars + dollars + bracket,
    )
  return `"${inner}"`
}
