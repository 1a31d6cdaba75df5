package house_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// tests stands for the tests of any package.
const tests = "tests"

// thirdParty is each module of others, and the packages that need it.
var thirdParty = map[string][]string{
	"github.com/bmatcuk/doublestar/v4":   {"sidecar/logcollect"},
	"github.com/cenkalti/backoff/v4":     {"ambassador/httpproxy", "ambassador/upstream", "internal/accept", "pod", "sidecar/logcollect"},
	"github.com/fsnotify/fsnotify":       {"sidecar/logcollect"},
	"github.com/hashicorp/go-multierror": {"adapter/metrics", "ambassador/httpproxy", "ambassador/tcpproxy", "ambassador/upstream", "internal/certs", "pod", "sidecar/logcollect", "sidecar/logcollect/push"},
	"github.com/klauspost/compress":      {"adapter/metrics", "sidecar/logcollect/archive", "sidecar/logcollect/push"},
	"github.com/pires/go-proxyproto":     {"ambassador/tcpproxy", "ambassador/upstream"},
	"github.com/stretchr/testify":        {tests},
	"go.yaml.in/yaml/v3":                 {"adapter/metrics", "adapter/metrics/jsonsource"},
	"golang.org/x/crypto":                {"adapter/metrics"},
	"golang.org/x/net":                   {"ambassador/upstream"},
	"golang.org/x/sync":                  {"ambassador/httpproxy", "ambassador/tcpproxy"},
	"golang.org/x/sys":                   {"adapter/metrics", "adapter/metrics/statsd", "ambassador/tcpproxy", "internal/sockets", "pod", "sidecar/logcollect"},
	"golang.org/x/time":                  {"adapter/metrics", "ambassador/httpproxy", "ambassador/tcpproxy", "examples/httpproxy", "examples/tcpproxy"},
}

// heavy is what must not enter go.mod in any way, with all that lies below it.
var heavy = []string{"k8s.io", "sigs.k8s.io", "go.opentelemetry.io/otel/sdk", "github.com/prometheus/client_golang"}

// thirdPartyRule holds that table is who imports what, no less and no more.
func thirdPartyRule(table map[string][]string) rule {
	return func(tr tree) (broken []string) {
		unused := map[string]bool{}
		for of, packages := range table {
			for _, p := range packages {
				unused[p+" does not import "+of] = true
			}
		}
		for _, i := range imports(tr) {
			if first, _, _ := strings.Cut(i.path, "/"); i.to != "" || !strings.Contains(first, ".") {
				continue
			}
			of := moduleOf(i.path, table)
			delete(unused, i.from+" does not import "+of)
			if i.test {
				delete(unused, tests+" does not import "+of)
			}
			if !slices.Contains(table[of], i.from) && !(i.test && slices.Contains(table[of], tests)) {
				broken = append(broken, fmt.Sprintf("%s: %s is not one to import %s", i.at, i.from, i.path))
			}
		}
		return slices.AppendSeq(broken, maps.Keys(unused))
	}
}

// moduleOf is which of table's modules has a package.
func moduleOf(path string, table map[string][]string) string {
	for of := range table {
		if within(path, of) {
			return of
		}
	}
	return path
}

func within(path, of string) bool { return path == of || strings.HasPrefix(path, of+"/") }

// heavyRule holds that go.mod names nothing heavy, be it indirect.
func heavyRule(tr tree) (broken []string) {
	for n, line := range strings.Split(tr.text["go.mod"], "\n") {
		for _, field := range strings.Fields(line) {
			if slices.ContainsFunc(heavy, func(of string) bool { return within(field, of) }) {
				broken = append(broken, fmt.Sprintf("go.mod:%d: %s", n+1, field))
			}
		}
	}
	return broken
}

func TestThirdParty(t *testing.T) {
	hold(t, thirdPartyRule(thirdParty))
	r := thirdPartyRule(map[string][]string{"example.com/a": {"pod"}, "example.com/t": {tests}})
	good := map[string]string{
		"pod/x.go":          goImport("example.com/a/b"),
		"adapter/x_test.go": goImport("example.com/t"),
	}
	caught(t, r, good)
	for from, what := range map[string]string{
		"adapter/x.go":      "example.com/a",
		"adapter/y_test.go": "example.com/a",
		"pod/y.go":          "example.com/t",
		"pod/y_linux.go":    "example.com/ab",
	} {
		bad := maps.Clone(good)
		bad[from] = goImport(what)
		caught(t, r, bad, "is not one to import "+what)
	}
	caught(t, r, nil, "pod does not import example.com/a", "tests does not import example.com/t")
}

func TestHeavy(t *testing.T) {
	hold(t, heavyRule)
	caught(t, heavyRule, map[string]string{"go.mod": "require k8s.io/api v0.1.0"}, "go.mod:1: k8s.io/api")
	caught(t, heavyRule, map[string]string{
		"go.mod": "require (\n\tk8s.io.example/x v1.0.0\n\tgo.opentelemetry.io/otel/sdk/metric v1.0.0 // indirect\n)",
	}, "go.mod:3: go.opentelemetry.io/otel/sdk/metric")
}
