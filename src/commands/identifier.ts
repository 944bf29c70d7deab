/**
 * A name in TypeScript for each topic: its table in camel case, `patientIdentifier`, with as much of the database and
 * the prefix before it as tells it from the others, `eidSample`. What TypeScript or the file itself keeps for other
 * uses ends in `Topic`.
 */
export function topicIdentifiers(topics: readonly string[]): ReadonlyMap<string, string> {
  const parts = new Map([...topics].sort().map(topic => [topic, 1]))
  for (;;) {
    const alike = collisions(parts)
    const longer = alike.filter(topic => parts.get(topic)! < topic.split('.').length)
    if (longer.length === 0) break
    for (const topic of longer) parts.set(topic, parts.get(topic)! + 1)
  }
  return numbered(parts)
}

/** What still has one name, `Obs` and `obs` of one database, is numbered. */
function numbered(parts: ReadonlyMap<string, number>): Map<string, string> {
  const taken = new Set<string>()
  return new Map(
    [...parts].map(([topic, count]) => {
      const name = identifier(topic, count)
      let free = name
      for (let i = 2; taken.has(free); i++) free = `${name}${i}`
      taken.add(free)
      return [topic, free]
    }),
  )
}

function collisions(parts: ReadonlyMap<string, number>): string[] {
  const named = [...parts].map(([topic, count]) => [topic, identifier(topic, count)] as const)
  return named.flatMap(([topic, name]) =>
    named.some(([other, same]) => same === name && other !== topic) ? [topic] : [],
  )
}

function identifier(topic: string, parts: number): string {
  const words = topic
    .split('.')
    .slice(-parts)
    .join('_')
    .split(/[^\p{L}\p{N}]+/u)
    .filter(word => word !== '')
    .map(word => (/\p{Ll}/u.test(word) ? word : word.toLowerCase()))
  const camel = words.map((word, i) => (i === 0 ? lowerFirst(word) : upperFirst(word))).join('')
  const begun = /^[\p{L}]/u.test(camel) ? camel : `_${camel}`
  return kept.has(begun) ? `${begun}Topic` : begun
}

function lowerFirst(word: string): string {
  return word.charAt(0).toLowerCase() + word.slice(1)
}

/** The word with a capital first: the interface of `patientIdentifier` is `PatientIdentifierRow`. */
export function upperFirst(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

const kept: ReadonlySet<string> = new Set(
  (
    'arguments as async await break case catch class const continue debugger default delete do else enum eval export ' +
    'extends false finally for function if implements import in instanceof interface let new null package private ' +
    'protected public return static super switch this throw true try typeof undefined var void while with yield ' +
    'topic exports module require globalThis'
  ).split(' '),
)

/** A text as TypeScript writes it in single quotes, or in double ones where that needs fewer backslashes. */
export function quoted(text: string): string {
  const double = JSON.stringify(text)
  const count = (of: string): number => text.split(of).length - 1
  if (count("'") > count('"')) return double
  return `'${double.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

/** A property's name, in quotes where it is no identifier. */
export function propertyName(name: string): string {
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) ? name : quoted(name)
}
