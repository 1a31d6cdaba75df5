package house_test

import (
	"fmt"
	"go/ast"
	"path"
	"strings"
	"testing"
)

// packageDocRule holds that each package has a doc that names it.
func packageDocRule(tr tree) (broken []string) {
	folders, files := tr.packages()
	for _, folder := range folders {
		var doc, name string
		for _, f := range files[folder] {
			if !isTest(f) {
				doc, name = doc+tr.code[f].Doc.Text(), tr.code[f].Name.Name
			}
		}
		if want := "Package " + name + " "; name == "main" && doc == "" || name != "main" && !strings.HasPrefix(doc, want) {
			broken = append(broken, fmt.Sprintf("%s: no doc that begins with %q", folder, want))
		}
	}
	return broken
}

// exampleRule holds that each package for users has an example.
func exampleRule(tr tree) (broken []string) {
	folders, files := tr.packages()
	for _, folder := range folders {
		if folder == "." || path.Base(path.Dir(folder)) == "internal" || path.Dir(folder) == "examples" || hasExample(tr, files[folder]) {
			continue
		}
		broken = append(broken, folder+": no Example")
	}
	return broken
}

func hasExample(tr tree, files []string) bool {
	for _, f := range files {
		for _, d := range tr.code[f].Decls {
			if d, ok := d.(*ast.FuncDecl); ok && isTest(f) && strings.HasPrefix(d.Name.Name, "Example") {
				return true
			}
		}
	}
	return false
}

func TestPackageDoc(t *testing.T) {
	hold(t, packageDocRule)
	caught(t, packageDocRule, map[string]string{
		"adapter/x.go":         "package adapter",
		"examples/web/main.go": "package main",
		"pod/pod.go":           "// Package pods is misnamed.\npackage pod",
		"sidecar/x.go":         "package sidecar",
		"sidecar/x_test.go":    "// Package sidecar is not documented by a test.\npackage sidecar",
	}, "adapter:", "examples/web:", "pod:", "sidecar:")
	caught(t, packageDocRule, map[string]string{
		"pod/doc.go":           "// Package pod is documented in one file.\npackage pod",
		"pod/pod.go":           "package pod",
		"examples/web/main.go": "// Web is an example.\npackage main",
	})
}

func TestExamples(t *testing.T) {
	hold(t, exampleRule)
	caught(t, exampleRule, map[string]string{
		"adapter/metrics/x.go":      "package metrics\n\nfunc Example() {}",
		"adapter/metrics/x_test.go": "package metrics\n\nfunc TestExample() {}",
		"examples/web/main.go":      "package main",
		"internal/gate/gate.go":     "package gate",
		"pod/pod.go":                "package pod",
		"pod/pod_test.go":           "package pod\n\nfunc ExamplePod() {}",
		"doc.go":                    "package podpatterns",
	}, "adapter/metrics: no Example")
}
