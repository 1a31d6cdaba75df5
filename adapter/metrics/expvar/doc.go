// Package expvar reads the metrics that a Go program publishes by package expvar
// of the standard library, or any other JSON object of numbers.
//
//		source := &expvar.Source{URL: "http://127.0.0.1:8080/debug/vars"}
//
//	  - A number is a metric of its own, of unknown kind, since expvar has no kinds.
//	    Its name is Prefix and the variable's, in lower case with underscores:
//	    "TotalHits" is expvar_total_hits. true is 1 and false is 0.
//	  - A map is one metric, whose label key has the names in the map; of maps in a map
//	    the labels are key, key2 and so on, down to 4. Its numbers are one family:
//	    {"hits": {"a": 1, "b": {"c": 2}}} is expvar_hits{key="a"} and
//	    expvar_hits{key="b",key2="c"}.
//	  - memstats are what Go programs have in Prometheus: go_memstats_alloc_bytes and so
//	    on, and go_gc_duration_seconds with the number and the sum of the pauses.
//	  - cmdline is ignored. Strings, arrays, null and what is nested deeper are left
//	    out, and expvar_values_unread tells how many.
//
// A name that comes twice counts once. The answer has at most 4 MiB, 20,000 values
// and 32 levels; what has more, or is no JSON, is an error, and the source has up 0.
package expvar
