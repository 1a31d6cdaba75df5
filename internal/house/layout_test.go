package house_test

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// top is what lies in the top folder, besides dot-files.
var top = []string{
	"CHANGELOG.md", "LICENSE", "README.md", "adapter", "ambassador", "doc.go", "examples",
	"go.mod", "go.sum", "internal", "pod", "sidecar",
}

// layoutRule holds that all of it is there and nothing else.
func layoutRule(tr tree) (broken []string) {
	entries := map[string]bool{}
	for name := range tr.text {
		first, _, _ := strings.Cut(name, "/")
		entries[first] = true
	}
	for entry := range entries {
		if !strings.HasPrefix(entry, ".") && !slices.Contains(top, entry) {
			broken = append(broken, entry+": not an entry of the top folder")
		}
	}
	for _, entry := range top {
		if !entries[entry] {
			broken = append(broken, entry+": missing")
		}
	}
	if f := tr.code["doc.go"]; f != nil && len(f.Decls) > 0 {
		broken = append(broken, tr.at(f.Decls[0].Pos())+": doc.go has code")
	}
	return broken
}

// lineLimit leaves a file of the 250 lines that are the aim some room.
const lineLimit = 300

// sizeRule holds that files stay small.
func sizeRule(tr tree) (broken []string) {
	for name, text := range tr.text {
		if n := strings.Count(text, "\n"); path.Ext(name) == ".go" && !isTest(name) && n > lineLimit {
			broken = append(broken, fmt.Sprintf("%s: %d lines: split it by its ideas", name, n))
		}
	}
	return broken
}

var (
	goLine    = regexp.MustCompile(`(?m)^go 1\.26(\.0)?$`) // a patch release would be forced on importers
	toolchain = regexp.MustCompile(`(?m)^toolchain`)
)

// versionRule holds which Go the module asks for.
func versionRule(tr tree) []string {
	mod := tr.text["go.mod"]
	if !goLine.MatchString(mod) || toolchain.MatchString(mod) {
		return []string{"go.mod: not for go 1.26"}
	}
	return nil
}

// The brackets keep the patterns from matching themselves.
var (
	unfinished = regexp.MustCompile(`\b(TO[D]O|FIX[M]E|X[X]X)\b`)
	ofMachine  = regexp.MustCompile("(^|[\\s\"'`(=:])/(work|farm|root)/|(proxy|sum)[.]golang[.]org|registry[.]npmjs|[.]debian[.]org")
)

// wordRule holds that nothing is left to be done, and nothing is of one machine.
func wordRule(tr tree) (broken []string) {
	for name, text := range tr.text {
		for n, line := range strings.Split(text, "\n") {
			if found := ofMachine.FindString(line); found != "" && utf8.ValidString(text) {
				broken = append(broken, fmt.Sprintf("%s:%d: %q is of one machine", name, n+1, found))
			}
			if found := unfinished.FindString(line); found != "" && path.Ext(name) == ".go" {
				broken = append(broken, fmt.Sprintf("%s:%d: %s", name, n+1, found))
			}
		}
	}
	return broken
}

func TestLayout(t *testing.T) {
	hold(t, layoutRule)
	files := map[string]string{".gitignore": "", ".ci/run": ""}
	for _, entry := range top {
		switch path.Ext(entry) {
		case "":
			files[entry+"/x"] = ""
		case ".go":
			files[entry] = "package podpatterns"
		default:
			files[entry] = ""
		}
	}
	caught(t, layoutRule, files)
	files["utils/x.go"] = "package utils"
	caught(t, layoutRule, files, "utils: not an entry")
	delete(files, "utils/x.go")
	delete(files, "README.md")
	caught(t, layoutRule, files, "README.md: missing")
	files["README.md"] = ""
	files["doc.go"] = "package podpatterns\n\nvar X int"
	caught(t, layoutRule, files, "doc.go:3:1: doc.go has code")
}

func TestSize(t *testing.T) {
	hold(t, sizeRule)
	caught(t, sizeRule, map[string]string{
		"pod/long.go":       "package pod\n" + strings.Repeat("\n", lineLimit),
		"pod/full.go":       "package pod\n" + strings.Repeat("\n", lineLimit-1),
		"pod/table_test.go": "package pod\n" + strings.Repeat("\n", lineLimit),
	}, "pod/long.go: 301 lines")
}

func TestVersion(t *testing.T) {
	hold(t, versionRule)
	caught(t, versionRule, map[string]string{"go.mod": "module x\n\ngo 1.26\n"})
	for _, mod := range []string{"module x\n", "go 1.26.8\n", "go 1.25\n", "go 1.26.0\n\ntoolchain go1.26.8\n"} {
		caught(t, versionRule, map[string]string{"go.mod": mod}, "not for go 1.26")
	}
}

func TestWords(t *testing.T) {
	hold(t, wordRule)
	caught(t, wordRule, map[string]string{
		"pod/a.go":  "package pod\n\n// TO" + "DO: more",
		"pod/b.go":  "package pod\n\nvar X" + "XX = 1",
		"pod/c.go":  "package pod\n\nconst dir = \"" + "/wor" + "k/main\"",
		"README.md": "See https://example.com/work/x, or mktemp a.XXXXXX.\nNot /far" + "m/x.\n",
		".ci/run":   "GOPROXY=https://proxy." + "golang.org",
	}, ".ci/run:1:", "README.md:2:", "pod/a.go:3:", "pod/b.go:3:", "pod/c.go:3:")
}
