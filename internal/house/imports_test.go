package house_test

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/podpatterns/podpatterns"

var patterns = []string{"sidecar", "ambassador", "adapter"}

// mayImport says whether a package may import another one of the module. Both are
// named by their folders.
func mayImport(from, to string) bool {
	parent := path.Dir(from)
	shared := to == "pod/sandbox" || path.Dir(to) == "internal"
	switch {
	case parent == "examples":
		return true
	case from == "pod/podtest", from == "pod/kube":
		return to == "pod" || mayImport("pod", to)
	case from == "pod":
		return shared || slices.Contains(patterns, to) || path.Dir(to) == "pod/internal"
	case slices.Contains(patterns, parent):
		return shared || to == parent || parent == "ambassador" && to == "ambassador/upstream" || path.Dir(to) == from+"/internal"
	case slices.Contains(patterns, path.Dir(parent)): // a part of a building block
		return shared || to == parent || path.Dir(to) == parent+"/internal"
	case path.Base(parent) == "internal" && parent != "pod/internal":
		return shared
	}
	return false // the patterns, the sandbox and doc.go: the standard library is enough
}

// testMayImport is what a package's tests may import on top of it: of a building
// block also the other parts.
func testMayImport(from, to string) bool {
	return to == from || to == "pod/podtest" || to == "pod/sandbox" ||
		block(from) != "" && block(from) == block(to)
}

// block is the folder of the building block that a package is, or is a part of.
func block(folder string) string {
	names := strings.Split(folder, "/")
	if len(names) < 2 || !slices.Contains(patterns, names[0]) {
		return ""
	}
	return names[0] + "/" + names[1]
}

// importRule holds who may import whom.
func importRule(tr tree) (broken []string) {
	for _, i := range imports(tr) {
		if i.to != "" && !mayImport(i.from, i.to) && !(i.test && testMayImport(i.from, i.to)) {
			broken = append(broken, fmt.Sprintf("%s: %s must not import %s", i.at, i.from, i.to))
		}
	}
	return broken
}

// internalRule holds that internal has only what two or more packages need.
func internalRule(tr tree) (broken []string) {
	importers := map[string]map[string]bool{}
	folders, _ := tr.packages()
	for _, folder := range folders {
		if path.Dir(folder) == "internal" && folder != "internal/house" {
			importers[folder] = map[string]bool{}
		}
	}
	for _, i := range imports(tr) {
		if of := importers[i.to]; of != nil && i.from != i.to {
			of[i.from] = true
		}
	}
	for folder, of := range importers {
		if len(of) < 2 {
			broken = append(broken, fmt.Sprintf("%s: needed by %d packages, and so none of the house's business", folder, len(of)))
		}
	}
	return broken
}

// An imported is one import.
type imported struct {
	at   string
	from string // the importing package's folder
	path string
	to   string // the imported package's folder, if it is of the module
	test bool
}

func imports(tr tree) (all []imported) {
	for _, name := range tr.order {
		for _, spec := range tr.code[name].Imports {
			i := imported{at: tr.at(spec.Pos()), from: path.Dir(name), test: isTest(name)}
			i.path, _ = strconv.Unquote(spec.Path.Value)
			if i.path == module {
				i.to = "."
			} else if folder, ours := strings.CutPrefix(i.path, module+"/"); ours {
				i.to = folder
			}
			all = append(all, i)
		}
	}
	return all
}

func TestImports(t *testing.T) {
	hold(t, importRule)
	for from, to := range map[string]string{
		"doc.go":                              "sidecar",
		"sidecar/x.go":                        "pod/sandbox",
		"adapter/x_windows.go":                "internal/gate",
		"pod/sandbox/x.go":                    "sidecar",
		"sidecar/logcollect/x.go":             "pod",
		"sidecar/logcollect/x_test.go":        "pod",
		"sidecar/logcollect/y.go":             "sidecar/logcollect/push",
		"sidecar/logcollect/push/x.go":        "sidecar",
		"sidecar/reload/push/x.go":            "sidecar/logcollect",
		"sidecar/reload/push/x_test.go":       "sidecar/logcollect",
		"sidecar/logcollect/z.go":             "adapter/metrics/internal/fetch",
		"adapter/metrics/redis/x.go":          "adapter/metrics/nginx",
		"adapter/metrics/internal/fetch/x.go": "adapter/metrics",
		"sidecar/reload/x.go":                 "pod/podtest",
		"adapter/metrics/x.go":                "ambassador",
		"ambassador/tcpproxy/x.go":            "ambassador/httpproxy",
		"adapter/health/x.go":                 "adapter/metrics",
		"pod/x.go":                            "adapter/metrics",
		"pod/x_test.go":                       "sidecar/logcollect",
		"pod/podtest/x.go":                    "sidecar/logcollect",
		"pod/kube/x.go":                       "examples/web",
		"internal/gate/x.go":                  "sidecar",
		"utils/x.go":                          "pod",
	} {
		caught(t, importRule, map[string]string{from: goImport(module + "/" + to)}, "must not import "+to)
	}
	caught(t, importRule, map[string]string{"pod/x.go": goImport(module)}, "must not import .")
	caught(t, importRule, map[string]string{
		"sidecar/logcollect/x.go":             goImport(module + "/sidecar"),
		"sidecar/logcollect/x_test.go":        goImport(module + "/pod/podtest"),
		"sidecar/logcollect/push/x.go":        goImport(module + "/sidecar/logcollect"),
		"sidecar/logcollect/push/y.go":        goImport(module + "/pod/sandbox"),
		"ambassador/tcpproxy/x.go":            goImport(module + "/ambassador/upstream"),
		"adapter/metrics/x.go":                goImport(module + "/internal/gate"),
		"adapter/metrics/redis/x.go":          goImport(module + "/adapter/metrics/internal/fetch"),
		"adapter/metrics/redis/x_test.go":     goImport(module + "/adapter/metrics/nginx"),
		"adapter/metrics/nginx/x.go":          goImport(module + "/internal/certs"),
		"adapter/metrics/internal/fetch/x.go": goImport(module + "/internal/files"),
		"pod/x.go":                            goImport(module + "/adapter"),
		"pod/podtest/x.go":                    goImport(module + "/pod"),
		"examples/web/x.go":                   goImport(module + "/sidecar/logcollect"),
	})
}

func TestInternal(t *testing.T) {
	hold(t, internalRule)
	gate := map[string]string{
		"internal/gate/gate.go":        "package gate",
		"internal/gate/gate_test.go":   goImport(module + "/internal/gate"),
		"sidecar/logcollect/x.go":      goImport(module + "/internal/gate"),
		"sidecar/logcollect/y_test.go": goImport(module + "/internal/gate"),
	}
	caught(t, internalRule, gate, "internal/gate: needed by 1 packages")
	gate["adapter/metrics/x.go"] = goImport(module + "/internal/gate")
	caught(t, internalRule, gate)
}

func goImport(path string) string { return "package x\n\nimport _ " + strconv.Quote(path) }
