import { lookup } from 'node:dns/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from '../adapters/http-client';
import { type CommandIo, EXIT, withUsage } from '../command-line/command-io';
import { examinations } from './checks/index';
import { type Diagnosis, type Examination, error, type Surroundings } from './diagnosis';
import { doctorHelp } from './doctor-help';
import { readDoctorCommand } from './doctor-options';
import { asFinding, type Finding, formatFinding, formatJson, formatTally, tally } from './doctor-report';

/** Runs `serverless doctor` and returns its exit code. */
export function runDoctor(argv: readonly string[], io: CommandIo): Promise<number> {
  return withUsage('doctor', io, async () => {
    const command = readDoctorCommand(argv, io);
    if (command.kind === 'help') {
      io.stdout(doctorHelp());
      return EXIT.ok;
    }
    const at: Surroundings = {
      ...command.at,
      env: io.env,
      request,
      lookup: (host) =>
        lookup(host, { all: true }).then(
          (found) => [...new Set(found.map(({ address }) => address))],
          () => [],
        ),
      readFile: (path) => quietly(() => readFileSync(path, 'utf8')),
      readFolder: (path) => quietly(() => readdirSync(path)),
      now: () => Date.now(),
    };
    const findings: Finding[] = [];
    for (const examination of examinations) {
      // To standard error, so that a program that reads the findings does not see it.
      io.stderr(`${examination.title} ...\n`);
      const found = (await examine(examination, at)).map((diagnosis) => asFinding(examination, diagnosis));
      findings.push(...found);
      if (command.format === 'text') io.stdout(found.map(formatFinding).join(''));
    }
    io.stdout(command.format === 'json' ? formatJson(findings) : formatTally(findings));
    return tally(findings).error > 0 ? EXIT.failed : EXIT.ok;
  });
}

/** One examination that fails must not keep the others from being made. */
async function examine(examination: Examination, at: Surroundings): Promise<Diagnosis[]> {
  try {
    return await examination.examine(at);
  } catch (failure) {
    const { message } = failure as Error;
    return [error(`It could not be examined: ${message}.`, 'Please report this, with the command line.')];
  }
}

/** A file or folder that is not there, or is not ours to read, is nothing to look at. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
