// Loaded into the plugin server under attack: on SIGUSR2 it does what the file FAULTS_FILE says.
const { readFileSync } = require('node:fs');
const { performance } = require('node:perf_hooks');

let offsetMs = 0;
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offsetMs);
    else super(...args);
  }

  static now() {
    return RealDate.now() + offsetMs;
  }
};

process.on('SIGUSR2', () => {
  const { clockByMs = 0, blockMs = 0 } = JSON.parse(readFileSync(process.env.FAULTS_FILE, 'utf8'));
  offsetMs += clockByMs;
  const until = performance.now() + blockMs;
  while (performance.now() < until);
});
