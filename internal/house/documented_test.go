package house_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// documentedRule holds that whatever a package exports has a comment, and that the
// one of a type or function begins with its name.
func documentedRule(tr tree) (broken []string) {
	for _, name := range tr.order {
		file := tr.code[name]
		if isTest(name) || file.Name.Name == "main" {
			continue
		}
		for _, d := range file.Decls {
			for _, u := range tr.undocumented(d) {
				broken = append(broken, fmt.Sprintf("%s: %s", tr.at(u.pos), u.what))
			}
		}
	}
	return broken
}

type finding struct {
	pos  token.Pos
	what string
}

func (tr tree) undocumented(d ast.Decl) (found []finding) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		ofErrors := d.Recv != nil && (d.Name.Name == "Error" || d.Name.Name == "Unwrap") // errors has their doc
		if d.Name.IsExported() && ast.IsExported(receiver(d)) && !ofErrors {
			found = append(found, misnamed(d.Name, d.Doc)...)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				found = append(found, silent(s.Names, s.Doc, s.Comment, d.Doc)...)
			case *ast.TypeSpec:
				if !s.Name.IsExported() {
					continue
				}
				doc := s.Doc
				if !d.Lparen.IsValid() {
					doc = d.Doc
				}
				found = append(found, misnamed(s.Name, doc)...)
				found = append(found, tr.silentMembers(s.Type)...)
			}
		}
	}
	return found
}

// receiver is the name of the type of which d is a method; d's own if of none.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	of := d.Recv.List[0].Type
	for {
		switch t := of.(type) {
		case *ast.StarExpr:
			of = t.X
		case *ast.IndexExpr:
			of = t.X
		case *ast.IndexListExpr:
			of = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}

// misnamed wants a doc that begins with the name, or with an article and the name.
func misnamed(name *ast.Ident, doc *ast.CommentGroup) []finding {
	words := strings.Fields(doc.Text())
	if len(words) > 1 && (words[0] == "A" || words[0] == "An" || words[0] == "The") {
		words = words[1:]
	}
	if len(words) == 0 {
		return []finding{{name.Pos(), name.Name + " has no doc"}}
	}
	if strings.TrimRight(words[0], ",:;.") != name.Name {
		return []finding{{name.Pos(), name.Name + " has a doc that begins with something else"}}
	}
	return nil
}

// silent wants any comment for the exported ones of names.
func silent(names []*ast.Ident, comments ...*ast.CommentGroup) (found []finding) {
	for _, c := range comments {
		if c.Text() != "" {
			return nil
		}
	}
	for _, name := range names {
		if name.IsExported() {
			found = append(found, finding{name.Pos(), name.Name + " has no comment"})
		}
	}
	return found
}

// silentMembers wants comments for fields and methods, however deep. One above a
// member is also for those that follow it without a blank line.
func (tr tree) silentMembers(of ast.Expr) (found []finding) {
	ast.Inspect(of, func(n ast.Node) bool {
		var members *ast.FieldList
		switch n := n.(type) {
		case *ast.StructType:
			members = n.Fields
		case *ast.InterfaceType:
			members = n.Methods
		case *ast.FuncType:
			return false
		default:
			return true
		}
		var doc *ast.CommentGroup
		next := 0
		for _, m := range members.List {
			if m.Doc != nil || tr.files.Position(m.Pos()).Line > next {
				doc = m.Doc
			}
			next = tr.files.Position(m.End()).Line + 1
			found = append(found, silent(m.Names, doc, m.Comment)...)
		}
		return true
	})
	return found
}

func TestDocumented(t *testing.T) {
	hold(t, documentedRule)
	const bad = `package pod

func A() {}

// Something else.
func B() {}

//go:noinline
func C() {}

type D struct{ d int }

func (*D) E() {}

func (D) e() {}

// The F is good.
type F[T any] struct {
	G int
	H struct{ I int } // H is good, but what is I?
	D
}

func (f *F[T]) J() {}

// K is good.
type K interface {
	L()
	// M is good.
	M()
	error
}

type (
	// N is good.
	N func(o struct{ O int })
	P int
)

const (
	Q = 1
	R = 2 // R is good
)

var s, S int

type t struct{ T int }

func (t) U() {}
`
	caught(t, documentedRule, map[string]string{"pod/pod.go": bad},
		"pod.go:11:6: D has no doc",
		"pod.go:13:11: E has no doc",
		"pod.go:19:2: G has no comment",
		"pod.go:20:12: I has no comment",
		"pod.go:24:16: J has no doc",
		"pod.go:28:2: L has no comment",
		"pod.go:37:2: P has no doc",
		"pod.go:3:6: A has no doc",
		"pod.go:41:2: Q has no comment",
		"pod.go:45:8: S has no comment",
		"pod.go:6:6: B has a doc that begins with something else",
		"pod.go:9:6: C has no doc",
	)
	caught(t, documentedRule, map[string]string{"pod/pod.go": `package pod

// The A is good.
type A struct {
	// B and C are good, not the others.
	B int
	C int

	D int
	E int // E is good
	F int
	// G is good.
	G int
}

func (A) Error() string { return "" }

func Error() {}
`}, "11:2: F has no comment", "18:6: Error has no doc", "9:2: D has no comment")
	caught(t, documentedRule, map[string]string{
		"pod/x_test.go":        "package pod\n\nfunc A() {}",
		"examples/web/main.go": "package main\n\nfunc A() {}",
		"pod/group.go":         "package pod\n\n// These are good.\nconst (\n\tA = 1\n\tB = 2\n)",
	})
}
