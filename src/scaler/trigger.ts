/** What a ScaledObject's trigger says, in its metadata. */
export interface Trigger {
  readonly topic: string;
  /** How many requests of the window one replica is for. */
  readonly targetRequests: number;
}

/** Requests that one replica is for, where the trigger does not say. */
const DEFAULT_TARGET = 100;

/** The name of a topic of a component, for `Demand`. */
export function topicName(pubsub: string, topic: string): string {
  return JSON.stringify([pubsub, topic]);
}

/** What such a name was made of. */
export function readTopicName(name: string): { readonly pubsub: string; readonly topic: string } {
  const [pubsub, topic] = JSON.parse(name) as [string, string];
  return { pubsub, topic };
}

/**
 * Reads the trigger's metadata.
 *
 * @throws Error that says what to write
 */
export function readTrigger(metadata: Readonly<Record<string, string>>): Trigger {
  const { pubsub = '', topic = '', targetRequests } = metadata;
  if (pubsub === '')
    throw new Error(
      "metadata.pubsub is missing: write the name of the Dapr pub/sub component, as in the plugin's backend",
    );
  if (topic === '') throw new Error("metadata.topic is missing: write the topic of the plugin's backend");
  const target = targetRequests === undefined ? DEFAULT_TARGET : Number(targetRequests);
  if (!(target > 0 && target <= 1_000_000_000))
    throw new Error(
      `metadata.targetRequests: ${JSON.stringify(targetRequests)}: write how many requests one replica is for, above 0`,
    );
  return { topic: topicName(pubsub, topic), targetRequests: target };
}
