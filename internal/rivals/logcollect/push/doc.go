// Package push has what the sinks for servers send read by those who made the
// formats: the receiver of the OpenTelemetry Collector, and Loki's own types.
package push
