// Package prometheus has sources of metrics that are there as Prometheus text: what
// a program serves over HTTP, and what lies in files.
//
//	exporter := &metrics.Exporter{Sources: []metrics.Source{
//		&prometheus.HTTP{URL: "http://127.0.0.1:9090/metrics"},
//		&prometheus.File{Path: "textfile/*.prom"},
//	}}
//
// Both read text 0.0.4 and OpenMetrics 1.0 by a [Reader], which is there for other
// streams too. Families keep their names (metrics.Desc's Verbatim), kinds, helps,
// units and timestamps; integers stay integers, start times and exemplars of
// OpenMetrics stay too, and what is written of what was read is read as the same.
//
//   - Text is read as leniently as Prometheus' own libraries do, unless Strict is
//     set; OpenMetrics is held to all of its rules.
//   - A timestamp of the epoch itself becomes the nanosecond behind it, and one that
//     int64 nanoseconds can't have the nearest that they can.
//   - Empty labels are none. In OpenMetrics several points of one series may come
//     with different timestamps: an Exporter serves them all.
//
// Bad input is an error, and the source has up 0: a body or line that is too long
// ([HTTP.MaxBytes], [Reader.MaxLine]), what is no text, more points than the
// Exporter allows, a body that ends before its Content-Length or in the middle of a
// line, OpenMetrics without # EOF. What is read is held as points, 90 bytes each
// and their labels, and 500 bytes for each series that is remembered; the text
// itself is read in pieces.
package prometheus
