// Package otlp holds what adapter/metrics/otlp sends against the types that the
// OpenTelemetry project generates, and its Collector's receiver.
package otlp
