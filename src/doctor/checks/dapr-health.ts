import { askDapr } from '../ask';
import { type Examination, error, ok } from '../diagnosis';

/** A sidecar is beside the gateway; a scaler is not. */
function isLocal(url: string): boolean {
  return /^(127\.|localhost$|\[::1\]$)/.test(new URL(url).hostname);
}

export const daprHealth: Examination = {
  id: 'dapr-health',
  title: 'The Dapr sidecar, or the scaler in its place, is ready to publish',
  why: 'Every wake-up goes through the sidecar: without it a sleeping backend is never started.',
  async examine(at) {
    const { daprUrl } = at.settings;
    const answer = await askDapr(at, '/v1.0/healthz/outbound');
    if (!answer.answered) {
      const fix = isLocal(daprUrl)
        ? "Give the gateway's pod the annotations dapr.io/enabled and dapr.io/app-id, or set DAPR_HTTP_PORT."
        : 'Start what DAPR_HTTP_ENDPOINT names; a scaler: kubectl get pods -l app=serverless-scaler. A NetworkPolicy may keep them apart.';
      return [error(`${daprUrl}: ${answer.reason}.`, fix)];
    }
    if (answer.status === 204 || answer.status === 200) return [ok(`${daprUrl} is ready.`)];
    if (answer.status === 401) return [error(`${daprUrl} wants a token.`, 'Set DAPR_API_TOKEN as for the sidecar.')];
    return [
      error(
        `${daprUrl} answers ${answer.status}: the sidecar is not ready.`,
        "Read the sidecar's log: a broker that cannot be reached, or a wrong password, keeps it from starting.",
      ),
    ];
  },
};
