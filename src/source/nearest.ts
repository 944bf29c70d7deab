/** The names of `known` that `name` may be a slip of, nearest first, at most `count` (default 3). */
export function nearest(name: string, known: readonly string[], count: number = 3): string[] {
  const limit = Math.max(2, Math.floor(name.length / 3))
  return known
    .map(candidate => ({ candidate, distance: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ candidate }) => candidate)
}

// Levenshtein's, and 1 for names of which one ends or begins with the other: a topic without its prefix.
function distance(a: string, b: string): number {
  if (a.length > 2 && (b.endsWith(a) || b.startsWith(a))) return 1
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substituted, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
