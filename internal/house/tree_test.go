package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// A tree is what the rules see of the module.
type tree struct {
	text  map[string]string    // all files but testdata, by slash-separated path
	code  map[string]*ast.File // the Go files of the module itself, without nested modules
	order []string             // code's paths
	files *token.FileSet
}

func load(fsys fs.FS) (tree, error) {
	tr := tree{text: map[string]string{}, code: map[string]*ast.File{}, files: token.NewFileSet()}
	nested := map[string]bool{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir():
			_, err := fs.Stat(fsys, path.Join(name, "go.mod"))
			nested[name] = nested[path.Dir(name)] || err == nil && name != "."
			return nil
		case !d.Type().IsRegular() || d.Name() == ".git": // in a linked work tree it is a file
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		tr.text[name] = string(text)
		if nested[path.Dir(name)] || path.Ext(name) != ".go" {
			return nil
		}
		tr.order = append(tr.order, name)
		tr.code[name], err = parser.ParseFile(tr.files, name, text, parser.ParseComments|parser.SkipObjectResolution)
		return err
	})
	return tr, err
}

// loadModule is load of the module, once.
var loadModule = sync.OnceValues(func() (tree, error) { return load(os.DirFS("../..")) })

// packages lists the folders with Go files, and their files.
func (tr tree) packages() (folders []string, files map[string][]string) {
	files = map[string][]string{}
	for _, name := range tr.order {
		folder := path.Dir(name)
		if files[folder] == nil {
			folders = append(folders, folder)
		}
		files[folder] = append(files[folder], name)
	}
	return folders, files
}

func (tr tree) at(p token.Pos) string { return tr.files.Position(p).String() }

func isTest(name string) bool { return strings.HasSuffix(name, "_test.go") }

// A rule returns what breaks it, a line each.
type rule func(tree) []string

// hold fails for what in the module breaks r.
func hold(t *testing.T, r rule) {
	t.Helper()
	module, err := loadModule()
	require.NoError(t, err)
	for _, broken := range r(module) {
		t.Error(broken)
	}
}

// caught fails unless r finds just what is wanted in files, a part of each line.
func caught(t *testing.T, r rule, files map[string]string, want ...string) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	tr, err := load(fsys)
	require.NoError(t, err)
	got := r(tr)
	slices.Sort(got)
	require.Len(t, got, len(want), "%q", got)
	for i := range want {
		require.Contains(t, got[i], want[i])
	}
}
