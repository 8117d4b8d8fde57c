import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Kubernetes mounts a pod's service account. */
export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The Kubernetes API, as a pod reaches it. */
export interface ApiServer {
  readonly host: string;
  readonly port: string;
  /** The cluster's certificate authority, PEM. */
  ca(): string;
  /** Read anew for each request: the kubelet replaces it within the hour. @throws Error of the file system */
  token(): string;
}

/** The API server of the cluster that this process runs in; undefined outside one, and where no token is mounted. */
export function apiServer(
  env: Readonly<Record<string, string | undefined>>,
  folder = SERVICE_ACCOUNT_FOLDER,
): ApiServer | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (host === undefined || host === '') return undefined;
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8').trim();
  const api: ApiServer = { host, port, ca: () => read('ca.crt'), token: () => read('token') };
  try {
    api.token();
    api.ca();
    return api;
  } catch {
    return undefined;
  }
}
