package web

import (
	"slices"
	"strconv"
	"strings"

	"spindle/internal/fault"
)

// chosenID reads what somebody chose from a list of Autotask's things or wrote: an id, the id in brackets behind a name, or the name that one
// thing has. noun is the field's name too.
func chosenID[ID ~string, T any](typed, noun, nouns string, named func(name string) ([]T, error), of func(T) (ID, string)) (ID, error) {
	text := typed
	if open := strings.LastIndexByte(text, '('); open >= 0 && strings.HasSuffix(text, ")") {
		text = text[open+1 : len(text)-1]
	}
	if _, err := strconv.ParseInt(text, 10, 64); err == nil {
		return ID(text), nil
	}
	found, err := named(typed)
	if err != nil {
		return "", err
	}
	found = slices.DeleteFunc(found, func(thing T) bool {
		_, name := of(thing)
		return typed == "" || !strings.EqualFold(name, typed)
	})
	switch len(found) {
	case 1:
		id, _ := of(found[0])
		return id, nil
	case 0:
		return "", fault.Invalidf("%q is no %s of the list and no id", typed, noun).WithField(noun).
			Dof("choose one of the list, or write the number of the %s in Autotask", noun)
	}
	return "", fault.Invalidf("%d %s are called %s", len(found), nouns, typed).WithField(noun).Do("write the number of the one that is meant")
}
