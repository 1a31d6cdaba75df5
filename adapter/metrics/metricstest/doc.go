// Package metricstest helps to test sources of metrics.
//
//	func TestSource(t *testing.T) {
//		source := &disk.Source{Path: "testdata/disk"}
//		metricstest.Lint(t, source)
//		metricstest.Golden(t, source, "testdata/disk.golden")
//	}
//
// [Lint] holds what a source adds against the rules of Prometheus and the
// registry of [metrics.WellKnown]. [Golden] compares it with a file of Prometheus
// text, and [Text] is that text. A [Source] is a fake one, which adds what it is
// told to, fails, hangs or panics, as what an exporter has to stand.
//
// # Golden files
//
// A file has the text format 0.0.4, families in the order of their names and
// series in that of their labels. An asterisk stands for anything, so that what
// changes from run to run can be in it:
//
//	# TYPE process_start_time_seconds gauge
//	process_start_time_seconds *
//	redis_instance_info{redis_version="7.0.15",run_id="*"} 1
//
// With PODPATTERNS_UPDATE=1 in the environment a test writes its file instead, and
// lines that there are already, and have an asterisk that fits, stay as they are.
package metricstest
