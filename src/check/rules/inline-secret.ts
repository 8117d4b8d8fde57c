import type { Place } from '../../manifests/manifest';
import type { ManifestSet } from '../../manifests/set';
import type { Rule } from '../rule';

/** Metadata of Dapr's and KEDA's brokers that is secret as a whole. */
const SECRETS =
  /^(password|redisPassword|accountKey|secretKey|sessionToken|azureClientSecret|privateKey|private_key|saslPassword|awsSecretAccessKey)$/i;
/** A URL with a password that is not a placeholder, or a connection string with a key. */
const EMBEDDED = /:\/\/[^/\s:@]*:[^/\s@${]+@|SharedAccessKey=[^;\s]+/i;

function* values(set: ManifestSet): Generator<{ name: string; value: string; at: Place }> {
  for (const { items } of set.components) {
    for (const { name, value, place } of items) if (value !== undefined) yield { name, value, at: place };
  }
  for (const trigger of set.scaledObjects.flatMap(({ triggers }) => triggers)) {
    for (const name of trigger.metadataNames) {
      const value = trigger.metadata(name);
      if (value !== undefined) yield { name, value, at: trigger.metadataPlace(name) };
    }
  }
}

export const inlineSecret: Rule = {
  id: 'inline-secret',
  severity: 'warning',
  title: 'No password stands in a manifest',
  why: 'Everyone who may read the object or its repository can read the password, and a new one needs a new manifest.',
  fix: 'Put it in a Secret: secretKeyRef in a Component, a TriggerAuthentication for a ScaledObject.',
  *check(set) {
    for (const { name, value, at } of values(set)) {
      const secret = SECRETS.test(name) ? value !== '' : EMBEDDED.test(value);
      if (secret) yield { at, message: `${name} holds a password in clear text.` };
    }
  },
};
