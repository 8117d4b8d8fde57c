{{- define "serverless-backend.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* Whether the scaler hears of wake-ups from Dapr: it subscribes to each topic. */}}
{{- define "serverless-backend.subscribes" -}}
{{- if and (ne .Values.scaler "queue") (ne .Values.broker.type "none") }}true{{ end }}
{{- end }}

{{/* A scaler that only listens, each of its replicas to everything: KEDA's stream leads to one of them. */}}
{{- define "serverless-backend.listener" -}}
{{- if include "serverless-backend.subscribes" . }}
    - { name: consumerID, value: '{podName}' }
    - { name: publishingScopes, value: {{ printf "%s=" .Values.scalerAppId | quote }} }
{{- end }}
{{- end }}

{{/* What every container of this chart may do: nothing but run. */}}
{{- define "serverless-backend.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* RabbitMQ's objects, in the form of a definitions file. */}}
{{- define "serverless-backend.definitions" -}}
{{- $exchanges := list }}{{ $queues := list }}{{ $bindings := list }}
{{- $ttl := dict "x-message-ttl" (mul .Values.broker.messageTtl 1000) }}
{{- range $name, $_ := .Values.backends }}
{{- $exchanges = append $exchanges (dict "name" $name "vhost" "/" "type" "fanout" "durable" true "auto_delete" false "internal" false "arguments" dict) }}
{{- $queues = append $queues (dict "name" $name "vhost" "/" "durable" true "auto_delete" false "arguments" $ttl) }}
{{- $bindings = append $bindings (dict "source" $name "vhost" "/" "destination" $name "destination_type" "queue" "routing_key" "" "arguments" dict) }}
{{- end }}
{{- dict "exchanges" $exchanges "queues" $queues "bindings" $bindings | toPrettyJson }}
{{- end }}

{{/* The pod that declares RabbitMQ's objects, as the spec of a Job. Takes root and name. */}}
{{- define "serverless-backend.topologyJob" -}}
backoffLimit: 6
template:
  metadata:
    labels: { app: {{ .name | quote }} }
  spec:
    automountServiceAccountToken: false
    restartPolicy: Never
    securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, seccompProfile: { type: RuntimeDefault } }
    containers:
      - name: topology
        image: {{ .root.Values.broker.topologyImage | quote }}
        command: [node, /topology/topology.mjs, /topology/definitions.json]
        env:
          - name: MANAGEMENT_URL
            valueFrom: { secretKeyRef: { name: {{ .root.Values.broker.secret | quote }}, key: managementUrl } }
        resources: { requests: { cpu: 50m, memory: 48Mi }, limits: { memory: 128Mi } }
        securityContext: {{- include "serverless-backend.containerSecurity" .root | nindent 10 }}
        volumeMounts: [{ name: topology, mountPath: /topology, readOnly: true }]
    volumes: [{ name: topology, configMap: { name: {{ .name | quote }} } }]
{{- end }}
