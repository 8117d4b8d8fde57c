import { scopedTopics } from '../../manifests/components';
import type { Rule } from '../rule';

const list = (value: string): string[] => value.split(',').map((topic) => topic.trim());

export const topicScope: Rule = {
  id: 'topic-scope',
  severity: 'error',
  title: 'The Component lets the gateway publish to the topic',
  why: 'Dapr answers the wake-ups 403, so the requests for the sleeping backend are refused at once.',
  fix: "Add the topic to allowedTopics, and to the gateway's entry in publishingScopes.",
  *check(set) {
    for (const backend of set.backends) {
      for (const component of set.componentsOf(backend)) {
        const { topic } = backend;
        const [publishing, allowed, guarded] = ['publishingScopes', 'allowedTopics', 'protectedTopics'].map((name) =>
          component.metadata(name),
        );
        const own = publishing?.value === undefined ? undefined : scopedTopics(publishing.value, set.appId);
        // An app that publishingScopes does not name may publish to every topic that is not protected.
        if (own !== undefined && !own.includes(topic)) {
          yield {
            at: component.metadataPlace('publishingScopes'),
            message: `publishingScopes does not let "${set.appId}" publish to "${topic}".`,
          };
        } else if (own === undefined && guarded?.value !== undefined && list(guarded.value).includes(topic)) {
          yield {
            at: component.metadataPlace('protectedTopics'),
            message: `"${topic}" is protected, and publishingScopes does not name "${set.appId}".`,
          };
        }
        if (allowed?.value !== undefined && !list(allowed.value).includes(topic)) {
          yield { at: component.metadataPlace('allowedTopics'), message: `allowedTopics lacks "${topic}".` };
        }
      }
    }
  },
};
