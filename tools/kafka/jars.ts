import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LensError, messageOf } from '../../src/core/errors.ts';

const POM = join(import.meta.dirname, 'pom.xml');
const PROJECT_ROOT = resolve(import.meta.dirname, '../..');
const COPY_GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** Where jars and local brokers live: `LENS_KAFKA_HOME`, or `.kafka/` in the project (not tracked). */
export function kafkaHome(): string {
  return resolve(process.env['LENS_KAFKA_HOME'] ?? join(PROJECT_ROOT, '.kafka'));
}

/** Why the JVM broker cannot run on this machine, or null when it can. */
export function jvmObstacle(): string | null {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (java.error) return 'java is not on the PATH';
  // `openjdk version "17.0.15" 2025-04-15`; before Java 9 it read "1.8.0"
  const major = Number(/version "(\d+)/.exec(java.stderr)?.[1] ?? 0);
  if (major < 17) return `Java 17 or newer is needed, \`java -version\` says ${major || java.stderr.trim()}`;
  if (existsSync(jarFolder())) return null;
  const maven = spawnSync('mvn', ['-version'], { encoding: 'utf8' });
  if (maven.error || maven.status !== 0) return 'mvn (Apache Maven) is not on the PATH';
  return null;
}

/** The folder of a pom's jars is named by the pom's content, so a change of version resolves anew. */
function jarFolder(): string {
  const digest = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
  return join(kafkaHome(), `lib-${digest}`);
}

/**
 * The folder with the broker's jars, resolved through Maven the first time (about 45 MB). Several processes may call it
 * at once: each resolves into a folder of its own, and the first to rename it into place wins.
 */
export function resolveJars(): string {
  const obstacle = jvmObstacle();
  if (obstacle !== null) {
    throw new LensError('CONFIG_INVALID', `cannot run a local Kafka broker: ${obstacle}`, {
      place: 'tools/kafka',
      hint: 'install a JDK 17 or newer and Apache Maven, or start a broker yourself and set KAFKA_BROKERS',
    });
  }
  const folder = jarFolder();
  if (existsSync(folder)) return folder;
  const own = `${folder}.${process.pid}`;
  mkdirSync(own, { recursive: true });
  const run = spawnSync(
    'mvn',
    ['-B', '-q', '-f', POM, COPY_GOAL, '-DincludeScope=runtime', `-DoutputDirectory=${own}`],
    {
      encoding: 'utf8',
    },
  );
  if (run.status !== 0) {
    rmSync(own, { recursive: true, force: true });
    const output = `${run.stdout ?? ''}${run.stderr ?? ''}${messageOf(run.error ?? '')}`.trim();
    throw new LensError('CONFIG_INVALID', `Maven could not resolve the broker's jars: ${output.slice(-600)}`, {
      place: POM,
      hint: 'check the network and Maven settings (mirror, proxy), or set KAFKA_BROKERS to a broker of your own',
    });
  }
  try {
    renameSync(own, folder);
  } catch (error) {
    rmSync(own, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
