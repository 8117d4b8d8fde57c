import { main } from './main';

const io = {
  stdout: (text: string) => void process.stdout.write(text),
  stderr: (text: string) => void process.stderr.write(text),
  env: process.env,
};

main(process.argv.slice(2), io).then(
  (code) => {
    // Not process.exit(): a server keeps running, and a pipe may not have taken everything yet.
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`serverless: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
