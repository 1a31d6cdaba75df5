// Package otlp writes metrics as OpenTelemetry's collectors and back ends take
// them: OTLP/HTTP, in protobuf and in JSON. Both are formats of package metrics, so
// that a scrape can ask for them by Accept:
//
//	&metrics.Exporter{Formats: []metrics.Format{otlp.Protobuf{}, otlp.JSON{}}}
//
// Both write the message ExportMetricsServiceRequest of OTLP 1.x with an encoder of
// their own: no module of OpenTelemetry is needed. Nothing of the model is lost but
// what OTLP has no word for: a GaugeHistogram is left out, an Info and the states of
// a StateSet are sums that do not only grow, as the specification's
// "Prometheus and OpenMetrics Compatibility" has it.
package otlp
