/** Kinds of the files that are no Kubernetes objects, told by the fields that only they have. */
export const HELM_VALUES = 'Helm values';
export const RABBITMQ_DEFINITIONS = 'RabbitMQ definitions';
export const KONG_CONFIGURATION = 'Kong configuration';
export const CLOUDFORMATION = 'CloudFormation template';
