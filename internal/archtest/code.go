package archtest

import (
	"go/ast"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// checkPure keeps clocks and storage formats out of the rules of money.
func checkPure(f file) []Violation {
	if f.test || !coveredBy(pureRooms, f.pkg) {
		return nil
	}
	timeName := nameOf(f, "time")
	var found []Violation
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			if ok && pkg.Name == timeName && slices.Contains(clockNames, n.Sel.Name) {
				found = append(found, f.violation(n.Pos(), whyNoClock, "%s uses time.%s", f.pkg, n.Sel.Name))
			}
		case *ast.Field:
			if key := storageTag(n.Tag); key != "" {
				found = append(found, f.violation(n.Pos(), whyNoTags, "%s has a %s tag", f.pkg, key))
			}
		}
		return true
	})
	return found
}

// nameOf returns the name under which f imports a package, "" if it does not.
func nameOf(f file, importPath string) string {
	name := ""
	imports(f, func(spec *ast.ImportSpec, p string) {
		if p != importPath {
			return
		}
		name = p[strings.LastIndex(p, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
	})
	return name
}

// storageTag returns the first storage format a struct tag speaks of.
func storageTag(tag *ast.BasicLit) string {
	if tag == nil {
		return ""
	}
	text, err := strconv.Unquote(tag.Value)
	if err != nil {
		return ""
	}
	for _, key := range []string{"json", "xml", "yaml", "csv", "db", "sql"} {
		if _, ok := reflect.StructTag(text).Lookup(key); ok {
			return key
		}
	}
	return ""
}

// checkExact keeps binary floating point away from amounts: its types, its
// literals, and the functions of strconv and of math that deal in it.
func checkExact(f file) []Violation {
	if f.test || !coveredBy(exactRooms, f.pkg) {
		return nil
	}
	var found []Violation
	report := func(pos token.Pos, what string) {
		found = append(found, f.violation(pos, whyNoFloat, "%s uses %s", f.pkg, what))
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if slices.Contains(floatNames, n.Name) {
				report(n.Pos(), n.Name)
			}
		case *ast.BasicLit:
			if n.Kind == token.FLOAT {
				report(n.Pos(), "the floating-point literal "+n.Value)
			}
		}
		return true
	})
	imports(f, func(spec *ast.ImportSpec, name string) {
		if name == "math" {
			found = append(found, f.violation(spec.Pos(), whyNoFloat, "%s imports math", f.pkg))
		}
	})
	return found
}
