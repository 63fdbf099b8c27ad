// Package archtest guards the architecture: who may import whom, which packages
// stay free of the outside world, where floating point must not appear. The
// rules are tables in rules.go, each with its reason; docs/architecture.md tells
// the same in prose.
package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Violation is one broken rule.
type Violation struct {
	File string // path in the repository
	Line int
	What string // what was found
	Why  string // the reason of the rule
}

// String formats the violation like a compiler message.
func (v Violation) String() string {
	return fmt.Sprintf("%s:%d: %s\n\twhy not: %s", v.File, v.Line, v.What, v.Why)
}

// file is one parsed Go file.
type file struct {
	path string // in the repository
	pkg  string // folder in the repository, without internal/
	test bool
	ast  *ast.File
	fset *token.FileSet
}

func (f file) violation(pos token.Pos, why, format string, args ...any) Violation {
	return Violation{File: f.path, Line: f.fset.Position(pos).Line, What: fmt.Sprintf(format, args...), Why: why}
}

// Check reads every Go file of the module in repo, whatever its build tags, and
// returns the violations in the order of the files. It fails if a file does not
// parse or if it finds none.
func Check(repo fs.FS) ([]Violation, error) {
	files, err := parse(repo)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no Go files found")
	}
	var found []Violation
	for _, f := range files {
		found = append(found, checkOurImports(f)...)
		found = append(found, checkOtherImports(f)...)
		found = append(found, checkPure(f)...)
		found = append(found, checkExact(f)...)
	}
	return append(found, checkComments(files)...), nil
}

func parse(repo fs.FS) ([]file, error) {
	var files []file
	err := fs.WalkDir(repo, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); p != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(p) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(repo, p)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, p, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		pkg := strings.TrimPrefix(path.Dir(p), "internal/")
		files = append(files, file{path: p, pkg: pkg, test: strings.HasSuffix(p, "_test.go"), ast: tree, fset: fset})
		return nil
	})
	return files, err
}

// imports calls each with every import of f.
func imports(f file, each func(spec *ast.ImportSpec, name string)) {
	for _, spec := range f.ast.Imports {
		if name, err := strconv.Unquote(spec.Path.Value); err == nil {
			each(spec, name)
		}
	}
}

// covers reports whether pattern names pkg: the same folder, or with /… at its
// end also every folder below.
func covers(pattern, pkg string) bool {
	if base, below := strings.CutSuffix(pattern, "/..."); below {
		return pkg == base || strings.HasPrefix(pkg, base+"/")
	}
	return pkg == pattern
}

func coveredBy(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return covers(p, pkg) })
}

// checkOurImports holds the packages of the module to the table of rooms.
// Tests may import anything of ours, but those of the simulators may not: a
// simulator tested through our client would share its misreadings.
func checkOurImports(f file) []Violation {
	var found []Violation
	room := roomOf(f.pkg)
	if room == nil {
		return []Violation{f.violation(f.ast.Package,
			"every package has a room; add it to the table in internal/archtest/rules.go and to docs/architecture.md",
			"package %s is in no room", f.pkg)}
	}
	if f.test && !covers("sim/...", f.pkg) {
		return nil
	}
	imports(f, func(spec *ast.ImportSpec, name string) {
		target, ours := strings.CutPrefix(name, module+"/internal/")
		if !ours || coveredBy(room.may, target) || f.test && target == f.pkg {
			return
		}
		found = append(found, f.violation(spec.Pos(), room.why, "%s imports %s; it may import %s",
			f.pkg, target, orNothing(room.may)))
	})
	return found
}

func orNothing(may []string) string {
	if len(may) == 0 {
		return "nothing of ours"
	}
	return strings.Join(may, ", ")
}

// roomOf returns the first room that covers pkg.
func roomOf(pkg string) *room {
	for i := range rooms {
		if covers(rooms[i].pkg, pkg) {
			return &rooms[i]
		}
	}
	return nil
}

// checkOtherImports keeps outside packages in or out of rooms.
func checkOtherImports(f file) []Violation {
	var found []Violation
	imports(f, func(spec *ast.ImportSpec, name string) {
		for _, r := range outside {
			if !coveredBy(r.imports, name) {
				continue
			}
			banned := r.not != nil && coveredBy(r.not, f.pkg) || r.only != nil && !coveredBy(r.only, f.pkg)
			if banned && !(f.test && r.testsMay) {
				found = append(found, f.violation(spec.Pos(), r.why, "%s imports %s", f.pkg, name))
			}
		}
	})
	return found
}

// checkComments wants a comment on every package, in a file that is no test if
// there is one.
func checkComments(files []file) []Violation {
	type state struct {
		first     file
		commented bool
	}
	packages := map[string]*state{}
	var order []string
	for _, f := range files {
		s := packages[f.pkg]
		if s == nil {
			s = &state{first: f}
			packages[f.pkg] = s
			order = append(order, f.pkg)
		}
		s.commented = s.commented || f.ast.Doc != nil && strings.TrimSpace(f.ast.Doc.Text()) != ""
	}
	var found []Violation
	for _, pkg := range order {
		if s := packages[pkg]; !s.commented {
			found = append(found, s.first.violation(s.first.ast.Package,
				"a reader starts with what the package is for, and what it is not",
				"package %s has no package comment", pkg))
		}
	}
	return found
}
