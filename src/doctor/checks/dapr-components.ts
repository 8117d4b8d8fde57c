import { isRecord } from '../../core/types';
import { items, text } from '../../manifests/value';
import { askDapr } from '../ask';
import { askScaler } from '../ask-scaler';
import { type Diagnosis, type Examination, error, ok, skipped, type Surroundings, warning } from '../diagnosis';

export const daprComponents: Examination = {
  id: 'dapr-components',
  title: 'The sidecar has loaded the Components that the backends name',
  why: 'A wake-up for a Component that is not loaded is answered 404, and the held requests are refused.',
  async examine(at) {
    const answer = await askDapr(at, '/v1.0/metadata');
    if (!answer.answered) return [skipped(`The sidecar does not answer: ${answer.reason}.`)];
    if (answer.status === 404 && (await isScaler(at)))
      return [skipped(`${at.settings.daprUrl} is a scaler, which needs no Component: see push-stream.`)];
    if (answer.status !== 200 || !isRecord(answer.body)) {
      return [
        warning(`The sidecar answers ${answer.status} for its metadata.`, 'Set DAPR_API_TOKEN as for the sidecar.'),
      ];
    }
    const loaded = items(answer.body.components ?? answer.body.registeredComponents).map((component) => ({
      name: isRecord(component) ? (text(component.name) ?? '') : '',
      type: isRecord(component) ? (text(component.type) ?? '') : '',
    }));
    return judge(at, loaded, text(answer.body.id) ?? '?');
  },
};

/** Whether a scaler answers where the gateway publishes to, with our token or with another. */
async function isScaler(at: Surroundings): Promise<boolean> {
  const { kind } = await askScaler(at, at.settings.daprUrl);
  return kind === 'scaler' || kind === 'wants a token';
}

function judge(at: Surroundings, loaded: readonly { name: string; type: string }[], appId: string): Diagnosis[] {
  const pubsubs = loaded.filter(({ type }) => type.startsWith('pubsub.'));
  const listed = pubsubs.map(({ name, type }) => `${name} (${type})`).join(', ');
  if (pubsubs.length === 0) {
    const fix = `Put the Component in the gateway's namespace, with "${appId}" in its scopes; restart the pod after that.`;
    return [error(`The sidecar of "${appId}" has loaded no pub/sub component.`, fix)];
  }
  const missing = at.components.filter((name) => !pubsubs.some((component) => component.name === name));
  if (missing.length === 0) return [ok(`The sidecar of "${appId}" has loaded ${listed}.`)];
  return missing.map((name) =>
    error(
      `The sidecar of "${appId}" has not loaded "${name}"; it has ${listed}.`,
      `Put the Component in the gateway's namespace, with "${appId}" in its scopes, or correct the plugin's pubsub.`,
    ),
  );
}
