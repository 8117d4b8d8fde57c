import { settingsOf } from './settings';
import { pages } from './pages';
import { service } from './service';
import { worker } from './worker';
import { serve } from './serve';

const apps = { pages, service, worker };

try {
  const settings = settingsOf(process.argv.slice(2), process.env);
  serve(apps[settings.app](settings), settings);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
