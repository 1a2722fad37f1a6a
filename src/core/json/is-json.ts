/** Whether a text is JSON, for those who need to know no more. A long text holds the event loop. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
