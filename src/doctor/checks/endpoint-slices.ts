import { isRecord } from '../../core/types';
import { ask } from '../ask';
import { type Diagnosis, type Examination, ok, skipped, warning } from '../diagnosis';
import { statusUrl } from '../status-url';

export const endpointSlices: Examination = {
  id: 'endpoint-slices',
  title: 'Where it runs in Kubernetes, the plugin server sees where pods are',
  why: 'Without that, requests that come while the last pod of a backend leaves can meet a gateway that has lost it.',
  async examine(at) {
    const url = statusUrl(at);
    const answer = url === undefined ? undefined : await ask(at, `${url}/status`);
    if (answer?.answered !== true || !isRecord(answer.body)) return [skipped('The status listener does not tell.')];
    const { kubernetes } = answer.body;
    if (kubernetes === 'off') return [ok('It is switched off: SERVERLESS_KUBERNETES.')];
    if (isRecord(kubernetes)) return diagnosesOf(kubernetes);
    if (at.env.KUBERNETES_SERVICE_HOST === undefined) return [skipped('This is no pod of Kubernetes.')];
    return [
      warning(
        'No service account is mounted in the container of the plugin server.',
        'Mount its token as kong/values.yaml does (volume kubernetes-api), or set SERVERLESS_KUBERNETES=off.',
      ),
    ];
  },
};

function diagnosesOf(namespaces: Readonly<Record<string, unknown>>): Diagnosis[] {
  const watches = Object.entries(namespaces);
  if (watches.length === 0) return [ok('It asks once a request waits for a backend.')];
  return watches.map(([namespace, state]) => {
    if (state === 'watched' || state === 'beginning') return ok(`Namespace ${namespace}: ${state}.`);
    return state === '403' || state === '401'
      ? warning(
          `Namespace ${namespace}: the API server answers ${state}.`,
          "Give the pod's service account get, list and watch for endpointslices there: manifests/endpoints-reader.",
        )
      : warning(
          `Namespace ${namespace}: ${String(state)}.`,
          'Look at the API server, and whether a NetworkPolicy keeps the gateway from it. It tries again.',
        );
  });
}
