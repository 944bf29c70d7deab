import { existsSync, readdirSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from './service.js'
import type { Software } from './software.js'

const log4j = `<Configuration status="warn">
  <Appenders><Console name="out"><PatternLayout pattern="[%d] %p %m (%c)%n"/></Console></Appenders>
  <Loggers><Root level="info"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
`

/**
 * The command of a Java service. Its classes come from a class-data-sharing archive once a first clean stop has
 * written one, which with the C1 compiler alone halves the start.
 */
export async function javaCommand(
  software: Software,
  folder: string,
  service: string,
  args: readonly string[],
): Promise<Command> {
  const logging = path.join(folder, 'log4j2.xml')
  await writeFile(logging, log4j)
  const archive = path.join(software.archives, `${service}.jsa`)
  const sharing = existsSync(archive)
    ? `-XX:SharedArchiveFile=${archive}`
    : `-XX:ArchiveClassesAtExit=${dumpedArchive(folder, service)}`
  return {
    program: 'java',
    args: [
      ...['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto', sharing],
      ...[`-Dlog4j2.configurationFile=${logging}`, '-cp', classPath(software), ...args],
    ],
  }
}

/** Every jar of the software by name: an archive is only good for the very class path it was made with. */
export function classPath(software: Software): string {
  const jars = readdirSync(software.libs).filter(name => name.endsWith('.jar'))
  return jars
    .sort()
    .map(name => path.join(software.libs, name))
    .join(':')
}

/** Moves the archive that a stopped service has written to where the next start finds it. */
export async function keepArchive(software: Software, folder: string, service: string): Promise<void> {
  const dumped = dumpedArchive(folder, service)
  if (existsSync(dumped)) await rename(dumped, path.join(software.archives, `${service}.jsa`))
}

function dumpedArchive(folder: string, service: string): string {
  return path.join(folder, `${service}.jsa`)
}
